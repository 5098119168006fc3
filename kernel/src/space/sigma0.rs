//! The space that owns all memory: sigma0's own faults and mappings from it need no tables (L4 X.2, sigma0).

use pecan_abi::fpage::{Fpage, Rights};
use pecan_rules::paging::{Entry, map_page};

use super::object::Space;
use super::tables::PhysTables;
use crate::memory::reserve;

/// The last physical address that sigma0 can hand out: 1 TiB.
pub(super) const LAST_ADDRESS: u64 = (1 << 40) - 1;

const SMALL: u64 = 1 << 12;
const LARGE: u64 = 1 << 21;

/// The largest aligned piece of memory at `address` and not beyond `last` of which all or nothing is the kernel's:
/// its size, and whether it may be mapped.
pub(super) fn piece(address: u64, last: u64) -> (u64, bool) {
    if address.is_multiple_of(LARGE)
        && last - address >= LARGE - 1
        && !reserve::overlaps_reserved(address, LARGE)
    {
        return (LARGE, true);
    }
    (
        SMALL - address % SMALL,
        !reserve::overlaps_reserved(address & !(SMALL - 1), SMALL),
    )
}

impl Space {
    /// Serves a fault of sigma0 itself: shows the memory around `address` one to one. False: it is the kernel's, or
    /// there is no memory for a table.
    pub(crate) fn serve_sigma0(&self, address: u64) -> bool {
        if address > LAST_ADDRESS {
            return false;
        }
        let areas = self.areas.lock();
        let around = address & !(LARGE - 1);
        let (page, log2) = match piece(around, around + LARGE - 1) {
            (LARGE, true) if !areas.touch(Fpage::new(around, 21, Rights::NONE)) => (around, 21),
            _ => (address & !(SMALL - 1), 12),
        };
        let allowed =
            log2 == 21 || !(reserve::overlaps_reserved(page, SMALL) || areas.contain(page));
        let flags = Entry::USER.with(Entry::WRITE);
        allowed && map_page(&mut PhysTables, self.root(), page, page, log2, flags).is_ok()
    }
}
