//! What is measured, in order.

/// Message lengths in untyped words: none, what fits into registers (up to 7), and what does not.
pub const WORDS: [usize; 6] = [0, 4, 7, 8, 16, 63];

/// Lengths of strings in bytes.
pub const BYTES: [usize; 4] = [512, 4096, 65_536, LONGEST];
/// The longest of them.
pub const LONGEST: usize = 1 << 20;

/// A way that a message and its answer can take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Path {
    /// Inside one CPU, between two address spaces.
    IntraInterSpace,
    /// Inside one CPU and one address space.
    IntraSameSpace,
    /// To a server on another CPU that has nothing else to do.
    InterIdle,
    /// To a server on another CPU where a thread of lower priority spins.
    InterBusy,
}

/// One row of the result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Row {
    /// Call and reply with this many untyped words each way.
    Message(Path, usize),
    /// Call with a string of this many bytes, to another space on the same CPU, and a short answer.
    String(usize),
    /// A plain copy of as many bytes as the longest string has.
    Copy,
    /// A system call that does nothing.
    NullSyscall,
    /// An interrupt to another CPU and back, kernel to kernel.
    IpiRoundTrip,
    /// Two threads of one CPU that yield to each other, there and back.
    YieldSwitch,
    /// From an instruction of a thread that is interrupted to the first one of the interrupt's handler.
    Interrupt,
    /// A page fault that a pager in another space answers with a page of 4 KiB.
    Fault,
    /// Call and reply with a map item of a page of 4 KiB in the call.
    Map,
    /// Flush of a page of 4 KiB that one other space got from here.
    Unmap,
    /// The same while the other space runs on the other CPU.
    UnmapInter,
}

impl Path {
    const ALL: [Self; 4] = [
        Self::IntraInterSpace,
        Self::IntraSameSpace,
        Self::InterIdle,
        Self::InterBusy,
    ];

    /// Whether the server lives on another CPU than the client.
    #[must_use]
    pub const fn crosses(self) -> bool {
        matches!(self, Self::InterIdle | Self::InterBusy)
    }
}

impl Row {
    /// The row's name in the output.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Message(Path::IntraInterSpace, _) => "ipc.intra.inter-space",
            Self::Message(Path::IntraSameSpace, _) => "ipc.intra.same-space",
            Self::Message(Path::InterIdle, _) => "ipc.inter.idle",
            Self::Message(Path::InterBusy, _) => "ipc.inter.busy",
            Self::String(512) => "ipc.long.512",
            Self::String(4096) => "ipc.long.4096",
            Self::String(65_536) => "ipc.long.65536",
            Self::String(_) => "ipc.long.1048576",
            Self::Copy => "ref.copy.1048576",
            Self::NullSyscall => "ref.null-syscall",
            Self::IpiRoundTrip => "ref.ipi-round-trip",
            Self::YieldSwitch => "ref.yield-switch",
            Self::Interrupt => "irq.to-user",
            Self::Fault => "fault.page",
            Self::Map => "map.4k",
            Self::Unmap => "unmap.4k",
            Self::UnmapInter => "unmap.4k.inter",
        }
    }

    /// The message length, if the row is about messages.
    #[must_use]
    pub const fn words(self) -> Option<usize> {
        match self {
            Self::Message(_, words) => Some(words),
            _ => None,
        }
    }

    /// Whether the row needs a second CPU.
    #[must_use]
    pub const fn crosses(self) -> bool {
        match self {
            Self::Message(path, _) => path.crosses(),
            Self::IpiRoundTrip | Self::UnmapInter => true,
            Self::NullSyscall
            | Self::YieldSwitch
            | Self::Interrupt
            | Self::Fault
            | Self::Map
            | Self::Unmap
            | Self::String(_)
            | Self::Copy => false,
        }
    }
}

/// All rows that a machine with `cpus` CPUs can measure.
pub fn rows(cpus: usize) -> impl Iterator<Item = Row> + Clone {
    let messages = Path::ALL.into_iter().flat_map(|path| {
        WORDS
            .into_iter()
            .map(move |words| Row::Message(path, words))
    });
    let others = [
        Row::NullSyscall,
        Row::IpiRoundTrip,
        Row::YieldSwitch,
        Row::Interrupt,
        Row::Fault,
        Row::Map,
        Row::Unmap,
        Row::UnmapInter,
        Row::Copy,
    ];
    others
        .into_iter()
        .chain(messages)
        .chain(BYTES.into_iter().map(Row::String))
        .filter(move |row| cpus > 1 || !row.crosses())
}

#[cfg(test)]
mod tests {
    use super::{Path, Row, rows};

    #[test]
    fn two_cpus_measure_everything() {
        assert_eq!(rows(2).count(), 9 + 4 * 6 + 4);
        assert!(rows(2).any(|row| row == Row::Message(Path::InterBusy, 63)));
    }

    #[test]
    fn one_cpu_leaves_out_what_needs_two() {
        assert_eq!(rows(1).count(), 7 + 2 * 6 + 4);
        assert!(rows(1).all(|row| !row.id().contains("inter.") && !row.id().contains("ipi")));
    }
}
