//! Pecan's own system call: console, end of the machine, counters.
//!
//! The kernel interface page holds the address of its stub in the word `arch_syscall[0]`; 0 there means another kernel.
//! RDI operation, RSI a, RDX b, R8 c, R9 d; result in RAX, second result in RDX. All but [`NULL`] are for privileged spaces;
//! others get [`REFUSED`] and the error code "no privilege". An unknown operation gives [`REFUSED`] and "invalid parameter".

/// Does nothing; result 0. The cost of entering and leaving the kernel.
pub const NULL: u64 = 0;
/// Writes a (1 to [`CONSOLE_MAX`]) bytes, packed little-endian in b, c, d; result 0.
pub const CONSOLE_WRITE: u64 = 1;
/// Result: a byte from the console, or [`REFUSED`] if there is none.
pub const CONSOLE_READ: u64 = 2;
/// Ends the virtual machine with code a (see [`crate::exit`]); does not return.
pub const EXIT: u64 = 3;
/// Result: the [`Counter`] b of processor a.
pub const COUNTER: u64 = 4;
/// Result: time-stamp ticks of one bare interrupt round trip, kernel to kernel, with processor a.
pub const IPI_ROUND_TRIP: u64 = 5;
/// Result: number of free 4-KiB frames of the kernel's reserve.
pub const FREE_FRAMES: u64 = 6;
/// Makes the kernel check its invariants on this processor; result 1. It panics if they are broken.
pub const CHECK: u64 = 7;

/// Result: the attribute ([`crate::caching`]) with which the page at address a of the space of thread b is cached;
/// "invalid parameter" if nothing is mapped there, "invalid thread" if there is no such thread.
pub const CACHING: u64 = 10;

/// Holds processor a at point b ([`crate::hold::Point`]) when it has gone past that c times; b = 0 lets it go on, and so does
/// another point. Result 0. In the debug kernel only: the other knows no such operation.
pub const HOLD: u64 = 11;
/// Result: 1 if processor a is held, else 0. In the debug kernel only.
pub const HELD: u64 = 12;

/// From now on messages that threads of this processor send go the general way through the kernel, if a is not 0; if it is, as
/// the kernel's command line says. Result 0. Nobody can tell the difference but by the time.
pub const GENERAL_WAY: u64 = 13;

/// All operations have numbers below this.
pub const OPERATIONS: u64 = 14;

/// Result of an operation that was not carried out.
pub const REFUSED: u64 = u64::MAX;
/// Most bytes in one [`CONSOLE_WRITE`].
pub const CONSOLE_MAX: usize = 24;

/// What the kernel counts on each processor.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[repr(u64)]
pub enum Counter {
    /// Interrupts sent to other processors.
    IpisSent = 0,
    /// Interrupts received from other processors.
    IpisTaken = 1,
    /// Times the dispatcher ran.
    Dispatches = 2,
    /// Timer interrupts.
    Ticks = 3,
    /// Requests sent to other processors.
    RemoteRequests = 4,
    /// Requests sent to other processors to forget pages or ports that were taken away: one for each that may know them.
    FlushesSent = 5,
}

impl Counter {
    /// All counters, by index.
    pub const ALL: [Self; 6] = [
        Self::IpisSent,
        Self::IpisTaken,
        Self::Dispatches,
        Self::Ticks,
        Self::RemoteRequests,
        Self::FlushesSent,
    ];

    /// The counter with this index.
    #[inline]
    pub const fn from_raw(raw: u64) -> Option<Self> {
        if raw < Self::ALL.len() as u64 {
            Some(Self::ALL[raw as usize])
        } else {
            None
        }
    }
}

/// Packs up to [`CONSOLE_MAX`] bytes into the words b, c, d of [`CONSOLE_WRITE`]; further bytes are dropped.
#[inline]
pub const fn pack(bytes: &[u8]) -> [u64; 3] {
    let mut words = [0; 3];
    let mut i = 0;
    while i < bytes.len() && i < CONSOLE_MAX {
        words[i / 8] |= (bytes[i] as u64) << (8 * (i % 8));
        i += 1;
    }
    words
}

/// The bytes in the words b, c, d of [`CONSOLE_WRITE`].
#[inline]
pub const fn unpack(words: [u64; 3]) -> [u8; CONSOLE_MAX] {
    let mut bytes = [0; CONSOLE_MAX];
    let mut i = 0;
    while i < CONSOLE_MAX {
        bytes[i] = (words[i / 8] >> (8 * (i % 8))) as u8;
        i += 1;
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn console_words() {
        let text = b"abcdefghijklmnopqrstuvwxyz";
        assert_eq!(pack(&text[..2]), [0x6261, 0, 0]);
        assert_eq!(&unpack(pack(text)), &text[..CONSOLE_MAX]);
    }

    #[test]
    fn counters_by_index() {
        for (index, counter) in Counter::ALL.into_iter().enumerate() {
            assert_eq!(Counter::from_raw(index as u64), Some(counter));
            assert_eq!(counter as usize, index);
        }
        assert_eq!(Counter::from_raw(Counter::ALL.len() as u64), None);
    }
}
