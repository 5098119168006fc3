//! Reading page tables, and giving them up.

use core::ops::RangeInclusive;

use pecan_abi::layout::USER_LAST;

use super::{Entry, LARGEST_LEVEL, ROOT_LEVEL, Tables, index, shift};

/// A mapped page.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Leaf {
    /// Physical address of the first byte of the page.
    pub phys: u64,
    /// log2 of the size: 12, 21 or 30.
    pub size_log2: u32,
    /// The entry that maps the page.
    pub entry: Entry,
}

impl Leaf {
    /// Size of the page in bytes.
    #[inline]
    pub const fn size(&self) -> u64 {
        1 << self.size_log2
    }

    /// Physical address behind a virtual address in the page.
    #[inline]
    pub const fn translate(&self, address: u64) -> u64 {
        self.phys | address & (self.size() - 1)
    }

    #[inline]
    pub(super) const fn of(entry: Entry, level: u32) -> Self {
        let size_log2 = shift(level);
        Self {
            phys: entry.address() & u64::MAX << size_log2,
            size_log2,
            entry,
        }
    }
}

/// Where the way to an address ends: at a page, or at an entry that is absent.
#[derive(Clone, Copy, Debug)]
pub struct End {
    pub(super) table: u64,
    pub(super) level: u32,
    pub(super) entry: Entry,
}

impl End {
    /// The page that maps the address.
    #[inline]
    pub const fn leaf(&self) -> Option<Leaf> {
        if self.entry.is_present() {
            Some(Leaf::of(self.entry, self.level))
        } else {
            None
        }
    }

    /// The end of the way that leads through the lowest table `table`.
    #[inline(always)]
    pub fn in_table<T: Tables>(tables: &T, table: u64, address: u64) -> Self {
        Self {
            table,
            level: 1,
            entry: tables.read(table, index(address, 1)),
        }
    }

    /// The table of pages of the smallest size, if the way ends in one.
    #[inline]
    pub const fn lowest_table(&self) -> Option<u64> {
        if self.level == 1 {
            Some(self.table)
        } else {
            None
        }
    }

    /// Whether a page of the smallest size is missing from a table that is there.
    #[inline]
    pub const fn is_absent_page(&self) -> bool {
        self.level == 1 && !self.entry.is_present()
    }

    /// log2 of the largest page that can be put at the address: 30, 21 or 12. A larger one would be where there is a table
    /// already, and tables stay.
    #[inline]
    pub const fn room_log2(&self) -> u32 {
        shift(if self.level > LARGEST_LEVEL {
            LARGEST_LEVEL
        } else {
            self.level
        })
    }
}

/// Goes the way to a virtual address.
#[inline]
pub fn find<T: Tables>(tables: &T, root: u64, address: u64) -> End {
    let (mut table, mut level) = (root, ROOT_LEVEL);
    loop {
        let entry = tables.read(table, index(address, level));
        if !entry.is_present() || entry.is_leaf(level) {
            return End {
                table,
                level,
                entry,
            };
        }
        table = entry.address();
        level -= 1;
    }
}

/// The page that maps a virtual address.
#[inline]
pub fn lookup<T: Tables>(tables: &T, root: u64, address: u64) -> Option<Leaf> {
    find(tables, root, address).leaf()
}

/// The first page of the lower half that maps an address in `from..=last`, with its first address.
///
/// That address is below `from` if `from` lies inside the page. Absent tables are stepped over in one go, so the time is
/// bounded by the number of tables, not by the length of the range.
pub fn next_leaf<T: Tables>(tables: &T, root: u64, from: u64, last: u64) -> Option<(u64, Leaf)> {
    let last = if last > USER_LAST { USER_LAST } else { last };
    let mut address = from;
    let (mut table, mut level) = (root, ROOT_LEVEL);
    while address <= last {
        let entry = tables.read(table, index(address, level));
        let size = 1u64 << shift(level);
        if entry.is_leaf(level) {
            return Some((address & !(size - 1), Leaf::of(entry, level)));
        }
        if entry.is_present() && level > 1 {
            table = entry.address();
            level -= 1;
            continue;
        }
        address = (address | (size - 1)) + 1;
        if index(address, level) == 0 {
            (table, level) = (root, ROOT_LEVEL);
        }
    }
    None
}

/// Calls `visit` with first address and page for each page of the lower half that maps an address in `range`, ascending.
pub fn for_each_leaf<T: Tables>(
    tables: &T,
    root: u64,
    range: RangeInclusive<u64>,
    mut visit: impl FnMut(u64, Leaf),
) {
    let (mut from, last) = range.into_inner();
    while let Some((address, leaf)) = next_leaf(tables, root, from, last) {
        visit(address, leaf);
        from = address + leaf.size();
    }
}

/// Frees at most `most` of the tables that the lower half of `root` links to; the pages themselves are not touched. True:
/// there are no more.
///
/// No processor may be using the tables any more.
pub fn free_user_tables<T: Tables>(tables: &mut T, root: u64, most: usize) -> bool {
    (0..most).any(|_| !free_table(tables, root))
}

/// Frees a table that links to no other. False: the lower half links to none.
fn free_table<T: Tables>(tables: &mut T, root: u64) -> bool {
    let (mut table, mut level, mut from) = (root, ROOT_LEVEL, None);
    loop {
        // Tables of the lowest level link to pages only.
        let slots = match level {
            ROOT_LEVEL => 256,
            1 => 0,
            _ => 512,
        };
        let link = (0..slots).find_map(|slot| {
            let entry = tables.read(table, slot);
            let is_link = entry.is_present() && !entry.is_leaf(level);
            is_link.then_some((slot, entry))
        });
        match link {
            Some((slot, entry)) => {
                from = Some((table, slot));
                table = entry.address();
                level -= 1;
            }
            None => {
                let Some((above, slot)) = from else {
                    return false;
                };
                tables.write(above, slot, Entry::ABSENT);
                tables.free(table);
                return true;
            }
        }
    }
}
