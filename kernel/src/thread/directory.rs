//! From id to block by a table: `without-computed-tcb`.
//!
//! Each number has an entry with the address of its block. Numbers that never had a thread have that of nil, whose block
//! has no id, so nobody need look whether there is one.

use core::sync::atomic::{AtomicU64, Ordering};

use super::table::THREADS;

/// The blocks by number.
pub(crate) static BLOCKS: [AtomicU64; THREADS as usize] =
    [const { AtomicU64::new(0) }; THREADS as usize];

/// Makes all entries that of nil, whose block is at `nil`. Boot CPU, once, before there are threads.
pub(super) fn init(nil: u64) {
    for block in &BLOCKS {
        block.store(nil, Ordering::Relaxed);
    }
}

/// The block of thread `number` is at `address` from now on. Under the thread-control lock.
pub(super) fn enter(number: u64, address: u64) {
    BLOCKS[number as usize].store(address, Ordering::Release);
}

/// Where the block of the thread with this raw global id is, or that of nil.
#[inline(always)]
pub(super) fn block(id: u64) -> u64 {
    BLOCKS[(id >> 32 & (THREADS - 1)) as usize].load(Ordering::Relaxed)
}
