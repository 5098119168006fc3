//! The mapping tree of pages: the rules' tree, with the page tables of the spaces behind it.

use pecan_abi::fpage::Rights;
use pecan_rules::mapping::Handle;
use pecan_rules::paging::{Entry, Leaf, unmap_page, update_page};
use spin::{Mutex, MutexGuard};

use super::forest::{Forest, Kind};
use super::object::Space;
use super::shootdown;
use super::tables::PhysTables;

/// The tree. Locked for one page or one piece of a sweep.
pub(super) type Tree = Forest<Pages>;

static TREE: Mutex<Tree> = Mutex::new(Tree::new());

/// Takes the tree.
pub(super) fn lock() -> MutexGuard<'static, Tree> {
    TREE.lock()
}

/// Takes the tree if nobody has it.
#[inline]
pub(super) fn try_lock() -> Option<MutexGuard<'static, Tree>> {
    TREE.try_lock()
}

/// The rights as flags of a page's entry.
#[inline(always)]
pub(super) fn flags(rights: Rights) -> Entry {
    FLAGS[usize::from(rights.bits()) % FLAGS.len()]
}

/// By the bits of the rights.
static FLAGS: [Entry; 8] = {
    let mut flags = [Entry::USER; 8];
    let mut bits = 0;
    while bits < flags.len() {
        let rights = Rights::from_bits(bits as u8);
        if rights.contains(Rights::WRITE) {
            flags[bits] = flags[bits].with(Entry::WRITE);
        }
        if !rights.contains(Rights::EXECUTE) {
            flags[bits] = flags[bits].with(Entry::NX);
        }
        bits += 1;
    }
    flags
};

/// The accesses that a page's entry shows: any is reported as reading and executing (L4 X.2, Unmap).
pub(super) fn accesses(leaf: Option<Leaf>) -> Rights {
    let shows = |bit: Entry| leaf.is_some_and(|leaf| leaf.entry.contains(bit));
    if shows(Entry::DIRTY) {
        Rights::FULL
    } else if shows(Entry::ACCESSED) {
        Rights::READ_EXECUTE
    } else {
        Rights::NONE
    }
}

const USED: Entry = Entry(Entry::ACCESSED.0 | Entry::DIRTY.0);

/// Pages, each of which is an entry of a table.
pub(super) enum Pages {}

impl Kind for Pages {
    const STALE: shootdown::Kind = shootdown::Kind::Pages;
    const GROUPS: bool = true;

    fn root(space: &Space) -> Option<Handle> {
        space.pages()
    }

    fn set_root(space: &Space, root: Option<Handle>) {
        space.set_pages(root);
    }

    fn narrow(space: &Space, address: u64, rest: Rights) -> (Rights, bool) {
        let may_write = rest.contains(Rights::WRITE);
        let clear = if may_write {
            USED
        } else {
            USED.with(Entry::WRITE)
        };
        let set = Entry(flags(rest).0 & Entry::NX.0);
        let old = update_page(&mut PhysTables, space.root(), address, clear, set);
        let new = |leaf: Leaf| leaf.entry.without(clear).with(set);
        (
            accesses(old),
            old.is_some_and(|leaf| new(leaf) != leaf.entry),
        )
    }

    fn erase(space: &Space, address: u64) -> (Rights, bool) {
        let old = unmap_page(&mut PhysTables, space.root(), address);
        (accesses(old), old.is_some())
    }
}

impl Tree {
    /// The page at `address` of `space` gets `rights`, which it may have already.
    pub(super) fn widen(&mut self, space: &Space, address: u64, rights: Rights) {
        self.changes();
        let (set, clear) = (flags(rights).without(Entry::NX), Entry::NX);
        let clear = clear.without(Entry(flags(rights).0 & Entry::NX.0));
        let _before = update_page(&mut PhysTables, space.root(), address, clear, set);
    }
}
