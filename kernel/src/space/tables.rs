//! Page tables: frames of the kernel's reserve, seen through the physical map.

use pecan_rules::paging::{Entry, Tables};

use crate::memory::{physmap, reserve};

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

    fn allocate(&mut self) -> Option<u64> {
        reserve::allocate().map(reserve::Frame::phys)
    }

    fn free(&mut self, table: u64) {
        reserve::free(reserve::Frame::from_phys(table));
    }
}
