//! Page tables on which a CPU can switch on paging: the kernel's half, and one page where it really is.

use super::kernel_space::{OutOfMemory, copy_kernel_half, index, write};
use super::reserve::{self, Frame};
use x86_64::structures::paging::PageTableFlags as Flags;

/// Four tables: the root, and one per level down to the page.
pub(crate) struct IdentityTables {
    tables: [Frame; 4],
}

impl IdentityTables {
    /// Makes tables for the page at a physical address in the lower half.
    pub(crate) fn make(page: u64) -> Result<Self, OutOfMemory> {
        let mut tables = [Frame::from_phys(0); 4];
        for table in &mut tables {
            *table = reserve::allocate().ok_or(OutOfMemory)?;
        }
        copy_kernel_half(tables[0].phys());
        let next = [tables[1].phys(), tables[2].phys(), tables[3].phys(), page];
        for ((table, below), level) in tables.iter().zip(next).zip([4, 3, 2, 1]) {
            write(
                table.phys(),
                index(page, level),
                below | (Flags::PRESENT | Flags::WRITABLE).bits(),
            );
        }
        Ok(Self { tables })
    }

    /// Physical address of the root.
    pub(crate) fn root(&self) -> u64 {
        self.tables[0].phys()
    }

    /// Gives the tables back. No CPU may use them any more.
    pub(crate) fn free(self) {
        self.tables.into_iter().for_each(reserve::free);
    }
}
