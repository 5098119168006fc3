//! The space that owns all memory: sigma0's own faults and mappings from it need no tables (L4 X.2, sigma0).

use pecan_abi::fpage::{Fpage, Rights};
use pecan_rules::paging::{Entry, fill, find};

use super::object::Space;
use super::tables::{PhysTables, large_sizes};
use crate::memory::reserve;

/// The last physical address that sigma0 can hand out: 1 TiB.
pub(super) const LAST_ADDRESS: u64 = (1 << 40) - 1;

const SMALL: u64 = 1 << 12;

/// log2 of the largest aligned piece of memory at `address` and not beyond `last` of which all or nothing is the
/// kernel's, and whether it may be mapped.
pub(super) fn piece(address: u64, last: u64) -> (u32, bool) {
    let fits = |log2: &u32| {
        let size = 1u64 << log2;
        address.is_multiple_of(size)
            && last - address >= size - 1
            && !reserve::overlaps_reserved(address, size)
    };
    match large_sizes().find(fits) {
        Some(log2) => (log2, true),
        None => (
            12,
            !reserve::overlaps_reserved(address & !(SMALL - 1), SMALL),
        ),
    }
}

impl Space {
    /// Serves a fault of sigma0 itself: shows the memory around `address` one to one, in as large a page as there can be.
    /// False: it is the kernel's, or there is no memory for a table.
    pub(crate) fn serve_sigma0(&self, address: u64) -> bool {
        if address > LAST_ADDRESS {
            return false;
        }
        let areas = self.areas.lock();
        let at = find(&PhysTables, self.root(), address);
        if at.leaf().is_some() {
            // Another thread of sigma0's was first, or it wrote to what it may only read.
            return !areas.contain(address);
        }
        let fits = |log2: u32| {
            let page = Fpage::new(address, log2, Rights::NONE);
            let free = !areas.touch(page.base(), page.last())
                && !reserve::overlaps_reserved(page.base(), 1 << log2);
            (log2 <= at.room_log2() && free).then_some(page)
        };
        let Some(page) = large_sizes().chain([12]).find_map(fits) else {
            return false;
        };
        let flags = Entry::USER.with(Entry::WRITE);
        let base = page.base();
        fill(&mut PhysTables, &at, base, base, page.log2(), flags).is_ok()
    }
}
