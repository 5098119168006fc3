//! Changing page tables.

use super::{End, Entry, Leaf, ROOT_LEVEL, Tables, index, shift};

/// What [`map_page`] did.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mapped {
    /// Nothing was mapped there.
    Fresh,
    /// The same page was mapped there; it now has the rights of both. No TLB can hold a right too many.
    Extended,
    /// Another page, or smaller pages, were mapped there: TLBs may hold them.
    Replaced,
    /// A larger page is mapped there; nothing was changed.
    Skipped,
}

/// Why [`map_page`] mapped nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MapError {
    /// There is no memory for a page table.
    NoMemory,
    /// The size is not 12, 21 or 30, or an address is not a multiple of it, is not canonical or has more than 52 bits.
    Invalid,
}

/// Bits that a repeated mapping of the same page adds to the entry.
const RIGHTS: Entry = Entry(Entry::WRITE.0 | Entry::USER.0);
/// Bits that a page's flags can have.
const FLAGS: Entry = Entry(RIGHTS.0 | Entry::PWT.0 | Entry::PCD.0 | Entry::GLOBAL.0 | Entry::NX.0);

/// Maps 2^`size_log2` bytes (12, 21 or 30) at `address` to `phys`, with the flags WRITE, USER, PWT, PCD, PAT, GLOBAL and NX as
/// given, PAT at whatever place it has in a page of that size; other bits of `flags` are ignored.
///
/// The same page mapped already: its rights are extended. A different page: replaced. A larger page: kept, nothing is done.
/// Smaller pages under a large one: each is treated like that in turn; the result is the gravest of theirs, and their tables
/// stay. On an error no mapping has changed.
pub fn map_page<T: Tables>(
    tables: &mut T,
    root: u64,
    address: u64,
    phys: u64,
    size_log2: u32,
    flags: Entry,
) -> Result<Mapped, MapError> {
    let target = match size_log2 {
        12 => 1,
        21 => 2,
        30 => 3,
        _ => return Err(MapError::Invalid),
    };
    let canonical = (address as i64) << 16 >> 16 == address as i64;
    if (address | phys) & ((1 << size_log2) - 1) != 0
        || phys & !Entry::ADDRESS_MASK != 0
        || !canonical
    {
        return Err(MapError::Invalid);
    }
    let (mut table, mut level) = (root, ROOT_LEVEL);
    while level > target {
        let slot = index(address, level);
        let entry = tables.read(table, slot);
        if entry.is_leaf(level) {
            return Ok(Mapped::Skipped);
        }
        if !entry.is_present() {
            return link_new(
                tables,
                table,
                level,
                address,
                leaf_entry(phys, target, flags),
                target,
            );
        }
        admit_user(tables, table, slot, flags);
        table = entry.address();
        level -= 1;
    }
    Ok(put_leaf(
        tables,
        table,
        index(address, level),
        level,
        phys,
        flags,
    ))
}

/// Maps 2^`size_log2` bytes at `address`, the way to which ends `at` an absent entry, to `phys`. The size is 12, 21 or 30
/// and at most the room there, and the addresses are multiples of it; the flags, as for [`map_page`], have USER if the way
/// lies in the lower half.
///
/// Errors: [`MapError::NoMemory`]; nothing has changed then.
pub fn fill<T: Tables>(
    tables: &mut T,
    at: &End,
    address: u64,
    phys: u64,
    size_log2: u32,
    flags: Entry,
) -> Result<(), MapError> {
    debug_assert!(!at.entry.is_present() && size_log2 <= at.room_log2());
    let target = (size_log2 - 3) / 9;
    let leaf = leaf_entry(phys, target, flags);
    if at.level == target {
        tables.write(at.table, index(address, target), leaf);
        return Ok(());
    }
    link_new(tables, at.table, at.level, address, leaf, target).map(|_| ())
}

/// Removes the page that maps `address`, whatever its size, and returns it as it was last. Tables that become empty stay:
/// other processors may be walking them.
pub fn unmap_page<T: Tables>(tables: &mut T, root: u64, address: u64) -> Option<Leaf> {
    update_page(tables, root, address, Entry(u64::MAX), Entry::ABSENT)
}

/// Clears and then sets bits of the entry that maps `address`, and returns the page as it was before. The bits are not
/// those of its address, unless all are cleared.
pub fn update_page<T: Tables>(
    tables: &mut T,
    root: u64,
    address: u64,
    clear: Entry,
    set: Entry,
) -> Option<Leaf> {
    let (mut table, mut level) = (root, ROOT_LEVEL);
    loop {
        let slot = index(address, level);
        let entry = tables.read(table, slot);
        if entry.is_leaf(level) {
            let old = tables.update(table, slot, clear, set);
            return Some(Leaf::of(old, level));
        }
        if !entry.is_present() || level == 1 {
            return None;
        }
        table = entry.address();
        level -= 1;
    }
}

const fn leaf_entry(phys: u64, level: u32, flags: Entry) -> Entry {
    let own = match (level > 1, flags.contains(Entry::PAT)) {
        (true, true) => Entry::HUGE.with(Entry::LARGE_PAT),
        (true, false) => Entry::HUGE,
        (false, true) => Entry::PAT,
        (false, false) => Entry::ABSENT,
    };
    Entry(phys | flags.0 & FLAGS.0 | own.0 | Entry::PRESENT.0)
}

/// Builds the missing tables below the absent entry for `address` in `table`, from the page upwards, and links them last.
fn link_new<T: Tables>(
    tables: &mut T,
    table: u64,
    level: u32,
    address: u64,
    leaf: Entry,
    target: u32,
) -> Result<Mapped, MapError> {
    let path = Entry::PRESENT.0 | Entry::WRITE.0 | leaf.0 & Entry::USER.0;
    let mut entry = leaf;
    for below in target..level {
        let Some(new) = tables.allocate() else {
            free_chain(tables, entry, below, target, address);
            return Err(MapError::NoMemory);
        };
        tables.write(new, index(address, below), entry);
        entry = Entry(new | path);
    }
    tables.write(table, index(address, level), entry);
    Ok(Mapped::Fresh)
}

/// Frees the tables of a chain that was never linked: `entry` would stand in a table of `level`.
fn free_chain<T: Tables>(tables: &mut T, mut entry: Entry, level: u32, target: u32, address: u64) {
    for below in (target..level).rev() {
        let table = entry.address();
        entry = tables.read(table, index(address, below));
        tables.free(table);
    }
}

/// Puts a page into an entry of a table of its own level. Calls itself at most twice deep, where smaller pages are in the way.
fn put_leaf<T: Tables>(
    tables: &mut T,
    table: u64,
    slot: usize,
    level: u32,
    phys: u64,
    flags: Entry,
) -> Mapped {
    let old = tables.read(table, slot);
    let new = leaf_entry(phys, level, flags);
    if !old.is_present() {
        tables.write(table, slot, new);
        return Mapped::Fresh;
    }
    if !old.is_leaf(level) {
        admit_user(tables, table, slot, flags);
        return put_smaller(tables, old.address(), level - 1, phys, flags);
    }
    if Leaf::of(old, level).phys != phys {
        tables.write(table, slot, new);
        return Mapped::Replaced;
    }
    let extended = Entry((old.0 | new.0 & RIGHTS.0) & !(Entry::NX.0 & !new.0));
    if extended != old {
        tables.write(table, slot, extended);
    }
    Mapped::Extended
}

/// Maps all of the region that `table` serves, page by page of its level.
fn put_smaller<T: Tables>(
    tables: &mut T,
    table: u64,
    level: u32,
    phys: u64,
    flags: Entry,
) -> Mapped {
    let mut gravest = Mapped::Fresh;
    for slot in 0..512 {
        let page = phys + ((slot as u64) << shift(level));
        gravest = match (gravest, put_leaf(tables, table, slot, level, page, flags)) {
            (Mapped::Replaced, _) | (_, Mapped::Replaced) => Mapped::Replaced,
            (Mapped::Extended, _) | (_, Mapped::Extended) => Mapped::Extended,
            (gravest, _) => gravest,
        };
    }
    gravest
}

/// Lets users through the link to a lower table, if the page below it will be theirs. What else is below keeps its own bit.
fn admit_user<T: Tables>(tables: &mut T, table: u64, slot: usize, flags: Entry) {
    let link = tables.read(table, slot);
    if flags.contains(Entry::USER) && !link.contains(Entry::USER) {
        tables.write(table, slot, link.with(Entry::USER));
    }
}
