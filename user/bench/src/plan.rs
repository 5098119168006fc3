//! What is measured, in order.

/// Message lengths in untyped words: none, what fits into registers (up to 7), and what does not.
pub const WORDS: [usize; 6] = [0, 4, 7, 8, 16, 63];

/// Lengths of strings in bytes.
pub const BYTES: [usize; 4] = [512, 4096, 65_536, LONGEST];
/// The longest of them.
pub const LONGEST: usize = 1 << 20;

/// Most CPUs that have a client and a server of their own at the same time: a power of two.
pub const MOST_PAIRS: usize = 32;

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
    /// The same to a server on another CPU that has nothing else to do.
    InterString(usize),
    /// A plain copy of as many bytes as the longest string has.
    Copy,
    /// A system call that does nothing.
    NullSyscall,
    /// An interrupt to another CPU and back, kernel to kernel.
    IpiRoundTrip,
    /// Two threads of one CPU that yield to each other, there and back.
    YieldSwitch,
    /// A request and a receive for the answer, each a system call of its own, to a server in another space.
    TwoCalls,
    /// The timer's interrupt, when it brings nothing about.
    Tick,
    /// From an instruction of a thread that is interrupted to the first one of the interrupt's handler.
    Interrupt,
    /// A page fault that a pager in another space answers with a page of 4 KiB.
    Fault,
    /// The same with a pager on another CPU.
    InterFault,
    /// Call and reply with a map item of a page of 4 KiB in the call.
    Map,
    /// Flush of a page of 4 KiB that one other space got from here.
    Unmap,
    /// The same of a page whose other space runs on another CPU.
    InterUnmap,
    /// The registers of a thread of another CPU, read by ExchangeRegisters.
    InterRegisters,
    /// A thread that moves itself to another CPU by Schedule; one way.
    Migrate,
    /// Calls and replies of pairs of threads, one pair on each of so many CPUs, all at once.
    Pairs(usize),
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
            Self::InterString(512) => "ipc.inter.long.512",
            Self::InterString(4096) => "ipc.inter.long.4096",
            Self::InterString(65_536) => "ipc.inter.long.65536",
            Self::InterString(_) => "ipc.inter.long.1048576",
            Self::Copy => "ref.copy.1048576",
            Self::NullSyscall => "ref.null-syscall",
            Self::IpiRoundTrip => "ref.ipi-round-trip",
            Self::YieldSwitch => "ref.yield-switch",
            Self::TwoCalls => "op.two-calls",
            Self::Tick => "ref.tick",
            Self::Interrupt => "irq.to-user",
            Self::Fault => "fault.page",
            Self::Map => "map.4k",
            Self::Unmap => "unmap.4k",
            Self::InterFault => "fault.page.inter",
            Self::InterUnmap => "unmap.4k.inter",
            Self::InterRegisters => "op.exregs.inter",
            Self::Migrate => "migrate",
            Self::Pairs(1) => "scale.intra.1",
            Self::Pairs(2) => "scale.intra.2",
            Self::Pairs(4) => "scale.intra.4",
            Self::Pairs(8) => "scale.intra.8",
            Self::Pairs(16) => "scale.intra.16",
            Self::Pairs(_) => "scale.intra.32",
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

    /// How many CPUs the row needs.
    #[must_use]
    pub const fn cpus(self) -> usize {
        match self {
            Self::Message(path, _) if path.crosses() => 2,
            Self::IpiRoundTrip
            | Self::InterString(_)
            | Self::InterFault
            | Self::InterUnmap
            | Self::InterRegisters
            | Self::Migrate => 2,
            Self::Pairs(cpus) => cpus,
            Self::Message(..)
            | Self::String(_)
            | Self::Copy
            | Self::NullSyscall
            | Self::YieldSwitch
            | Self::TwoCalls
            | Self::Tick
            | Self::Interrupt
            | Self::Fault
            | Self::Map
            | Self::Unmap => 1,
        }
    }
}

/// All rows that a machine with `cpus` CPUs can measure.
pub fn rows(cpus: usize) -> impl Iterator<Item = Row> + Clone {
    rows_with(cpus, &WORDS)
}

/// The same with messages of these lengths, each at most 63 words.
pub fn rows_with(cpus: usize, words: &[usize]) -> impl Iterator<Item = Row> + Clone {
    let messages = Path::ALL
        .into_iter()
        .flat_map(move |path| words.iter().map(move |words| Row::Message(path, *words)));
    let others = [
        Row::NullSyscall,
        Row::IpiRoundTrip,
        Row::YieldSwitch,
        Row::TwoCalls,
        Row::Tick,
        Row::Interrupt,
        Row::Fault,
        Row::InterFault,
        Row::Map,
        Row::Unmap,
        Row::InterUnmap,
        Row::InterRegisters,
        Row::Migrate,
        Row::Copy,
    ];
    let pairs = (0..=MOST_PAIRS.ilog2()).map(|log2| Row::Pairs(1 << log2));
    others
        .into_iter()
        .chain(messages)
        .chain(BYTES.into_iter().map(Row::String))
        .chain(BYTES.into_iter().map(Row::InterString))
        .chain(pairs)
        .filter(move |row| row.cpus() <= cpus)
}

#[cfg(test)]
mod tests {
    use super::{MOST_PAIRS, Path, Row, WORDS, rows, rows_with};

    #[test]
    fn two_cpus_measure_all_but_what_grows() {
        assert_eq!(rows(2).count(), 14 + 4 * 6 + 2 * 4 + 2);
        assert!(rows(2).any(|row| row == Row::Message(Path::InterBusy, 63)));
        assert!(rows(2).all(|row| row.cpus() <= 2));
    }

    #[test]
    fn one_cpu_leaves_out_what_needs_two() {
        assert_eq!(rows(1).count(), 9 + 2 * 6 + 4 + 1);
        let crosses =
            |id: &str| id.starts_with("ipc.inter.") || id.ends_with(".inter") || id.contains("ipi");
        assert!(rows(1).all(|row| row != Row::Migrate && !crosses(row.id())));
    }

    #[test]
    fn lengths_can_be_others() {
        let lengths = |words: &[usize]| {
            rows_with(1, words)
                .filter_map(Row::words)
                .collect::<Vec<_>>()
        };
        assert_eq!(lengths(&[1]), [1, 1]);
        assert_eq!(lengths(&WORDS).len(), 2 * WORDS.len());
    }

    #[test]
    fn pairs_grow_with_the_cpus() {
        let most = |cpus| {
            let pairs = rows(cpus).filter(|row| matches!(row, Row::Pairs(_)));
            pairs.map(Row::cpus).max()
        };
        assert_eq!([1, 3, 8, 288].map(most), [1, 2, 8, MOST_PAIRS].map(Some));
    }

    #[test]
    fn no_two_rows_have_one_name() {
        let names = || rows(MOST_PAIRS).map(|row| (row.id(), row.words()));
        for (index, name) in names().enumerate() {
            assert_eq!(names().position(|other| other == name), Some(index));
        }
    }
}
