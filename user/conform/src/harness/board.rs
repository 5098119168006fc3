//! Words that all threads of a test share, in whatever space they live; zero when a test begins.

use core::sync::atomic::{AtomicU64, Ordering::SeqCst};

/// Number of words.
pub(crate) const WORDS: usize = 2048;

static BOARD: [AtomicU64; WORDS] = [const { AtomicU64::new(0) }; WORDS];

/// The word at `index`.
pub(crate) fn get(index: usize) -> u64 {
    BOARD[index].load(SeqCst)
}

/// Sets the word at `index`.
pub(crate) fn put(index: usize, value: u64) {
    BOARD[index].store(value, SeqCst);
}

/// Adds to the word at `index`; returns what it was.
pub(crate) fn add(index: usize, value: u64) -> u64 {
    BOARD[index].fetch_add(value, SeqCst)
}

/// All words zero again.
pub(crate) fn clear() {
    for word in &BOARD {
        word.store(0, SeqCst);
    }
}

/// Address of the word at `index`, for assembler.
pub(crate) fn address(index: usize) -> u64 {
    BOARD[index].as_ptr() as u64
}
