//! Page tables of x86-64, four levels.
//!
//! A processor may walk a table while it is changed. So each change is ordered: a new table is filled before it is linked,
//! and an entry goes from the old to the new value in one write. At every moment each address has either its old or its new
//! mapping. Flushing the TLB is the caller's business, and so is keeping two changers apart.
//!
//! Tables are known by their physical address. Only the walk is here; [`Tables`] says where the memory comes from.

mod entry;
mod map;
mod walk;

pub use entry::Entry;
pub use map::{MapError, Mapped, fill, map_page, unmap_page, update_page};
pub use walk::{End, Leaf, find, for_each_leaf, free_user_tables, lookup, next_leaf};

/// Access to page tables and their memory.
pub trait Tables {
    /// Entry `index` (0-511) of the table at physical address `table`.
    fn read(&self, table: u64, index: usize) -> Entry;
    /// Replaces an entry by one store. What was written before must be visible to other processors no later than this.
    fn write(&mut self, table: u64, index: usize, entry: Entry);
    /// Clears and then sets bits of an entry, and returns what it was. If processors change accessed and dirty bits
    /// meanwhile, no such change may be lost.
    fn update(&mut self, table: u64, index: usize, clear: Entry, set: Entry) -> Entry {
        let old = self.read(table, index);
        self.write(table, index, old.without(clear).with(set));
        old
    }
    /// A table of 512 zero entries.
    fn allocate(&mut self) -> Option<u64>;
    /// Gives back a table that is no longer linked.
    fn free(&mut self, table: u64);
}

/// Level of the root table; the tables of level 1 hold pages of 4 KiB.
const ROOT_LEVEL: u32 = 4;
/// The level of the tables whose entries can be the largest pages, those of 1 GiB.
const LARGEST_LEVEL: u32 = 3;

/// Bits of an address below those that select an entry of a table of this level.
const fn shift(level: u32) -> u32 {
    3 + 9 * level
}

/// Which entry of a table of this level an address selects.
const fn index(address: u64, level: u32) -> usize {
    (address >> shift(level)) as usize & 0x1FF
}
