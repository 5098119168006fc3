//! Page tables: frames of the kernel's reserve, seen through the physical map.

use core::sync::atomic::{AtomicU64, Ordering};

use pecan_rules::paging::{Entry, Tables};

use crate::arch::x86_64::features;
use crate::memory::{physmap, reserve};

/// Sizes of large pages that the CPU has, as log2, the larger first.
pub(super) fn large_sizes() -> impl Iterator<Item = u32> {
    [30, 21]
        .into_iter()
        .filter(|log2| *log2 < 30 || features::get().gib_pages)
}

/// All page tables of the machine.
pub(crate) struct PhysTables;

fn entry(table: u64, index: usize) -> *mut u64 {
    debug_assert!(index < 512);
    physmap::to_virt(table + 8 * index as u64).cast()
}

impl Tables for PhysTables {
    fn read(&self, table: u64, index: usize) -> Entry {
        // SAFETY: `table` came from a root or an entry, so it is a page table, and the index is below 512.
        Entry(unsafe { entry(table, index).read_volatile() })
    }

    fn write(&mut self, table: u64, index: usize, value: Entry) {
        // SAFETY: as for `read`; who changes tables of a space holds its lock.
        unsafe { entry(table, index).write_volatile(value.0) };
    }

    fn update(&mut self, table: u64, index: usize, clear: Entry, set: Entry) -> Entry {
        // SAFETY: as for `read`; entries are aligned words, and nobody refers to them but by such accesses.
        let word = unsafe { AtomicU64::from_ptr(entry(table, index)) };
        let change = |old: u64| Some(Entry(old).without(clear).with(set).0);
        match word.fetch_update(Ordering::AcqRel, Ordering::Relaxed, change) {
            Ok(old) | Err(old) => Entry(old),
        }
    }

    fn allocate(&mut self) -> Option<u64> {
        reserve::allocate().map(reserve::Frame::phys)
    }

    fn free(&mut self, table: u64) {
        reserve::free(reserve::Frame::from_phys(table));
    }
}
