//! Map and grant items: pages of one space become visible in another (L4 X.2, map items). Interrupts off.
//!
//! * `item`  the item, page by page: what the sender has in the source
//! * `place` where each page goes, and what is there already
//! * `page`  all of that for one page of the smallest size
//! * `put`   a page where nothing is: its node in the mapping tree, its entry in the tables

mod item;
mod page;
mod place;
mod put;

pub(crate) use item::item;
pub(crate) use page::page;

/// The kernel's reserve has no frame for a page table or a node. What was moved before stays so.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NoMemory;

/// Why an item did not come to its end. What was moved before stays so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unfinished {
    /// As [`NoMemory`].
    NoMemory,
    /// It was stopped in a pause.
    Stopped,
}

impl From<NoMemory> for Unfinished {
    fn from(_: NoMemory) -> Self {
        Self::NoMemory
    }
}

/// Whether the sender keeps what it sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// The receiver's page derives from the sender's.
    Map,
    /// The receiver's page replaces the sender's.
    Grant,
}
