//! How a processor caches what a page shows (Intel SDM volume 3, page attribute table).
//!
//! Three bits of a page's entry choose one of eight entries of the page attribute table, which the kernel fills with
//! [`TABLE`].

use pecan_abi::caching::Caching;

use crate::paging::{Entry, Leaf};

/// The value of the page attribute table, one byte for each choice: write back, write through, write combining, uncacheable,
/// then the same with write protected instead of write through. The first, second and fourth are what they are after a reset,
/// so pages that were mapped before are cached as before.
pub const TABLE: u64 = 0x0001_0506_0001_0406;

/// The flags of a page's entry, for `map_page`: PWT, PCD, PAT.
#[inline]
pub const fn flags(caching: Caching) -> Entry {
    match caching {
        Caching::WriteBack => Entry::ABSENT,
        Caching::WriteThrough => Entry::PWT,
        Caching::WriteCombining => Entry::PCD,
        Caching::Uncacheable => Entry::PWT.with(Entry::PCD),
        Caching::WriteProtected => Entry::PWT.with(Entry::PAT),
    }
}

/// The bit of the entry of a page of 2^`size_log2` bytes that chooses from the second half of the table.
const fn pat(size_log2: u32) -> Entry {
    if size_log2 == 12 {
        Entry::PAT
    } else {
        Entry::LARGE_PAT
    }
}

/// How a page is cached.
#[inline]
pub const fn of(leaf: &Leaf) -> Caching {
    let entry = leaf.entry;
    match (entry.contains(Entry::PCD), entry.contains(Entry::PWT)) {
        (false, false) => Caching::WriteBack,
        (false, true) if entry.contains(pat(leaf.size_log2)) => Caching::WriteProtected,
        (false, true) => Caching::WriteThrough,
        (true, false) => Caching::WriteCombining,
        (true, true) => Caching::Uncacheable,
    }
}

/// The bits to clear and those to set in the entry of a page of 2^`size_log2` bytes (12, 21 or 30), for `update_page`.
#[inline]
pub const fn change(caching: Caching, size_log2: u32) -> (Entry, Entry) {
    let pat = pat(size_log2);
    let flags = flags(caching);
    let set = if flags.contains(Entry::PAT) {
        flags.without(Entry::PAT).with(pat)
    } else {
        flags
    };
    (Entry::PWT.with(Entry::PCD).with(pat), set)
}
