//! Small things that many tests do.

use core::arch::asm;

use l4::{ThreadId, thread};

use super::{Failure, board};

/// The local id of a thread of this space.
#[track_caller]
pub(crate) fn local(global: ThreadId) -> Result<ThreadId, Failure> {
    match thread::other_id(global) {
        Ok(id) => Ok(id),
        Err(error) => Err(error.into()),
    }
}

/// Counts for ever in word `index` of the board, without a system call.
pub(crate) fn spin(index: u64) {
    let word = board::address(index as usize);
    // SAFETY: counts in a word of the board; other threads only read it or add to it.
    unsafe {
        asm!("2:", "lock inc qword ptr [{0}]", "pause", "jmp 2b", in(reg) word, options(noreturn));
    }
}

/// Small pseudo-random numbers, the same in every run.
pub(crate) struct Random(u64);

impl Random {
    /// A sequence of its own for each seed.
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// The next word.
    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// The next number below `bound`.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }
}
