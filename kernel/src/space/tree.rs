//! The mapping tree of all spaces: the rules' tree, with the kernel's page tables and memory behind it.

use pecan_abi::fpage::Rights;
use pecan_rules::mapping::{Handle, Node, SpaceName, Store, Sweep};
use pecan_rules::paging::{Entry, Leaf, unmap_page, update_page};
use spin::{Mutex, MutexGuard};

use super::nodes::Nodes;
use super::object::Space;
use super::shootdown::{self, Stale};
use super::tables::PhysTables;

/// The tree, and what changing it has made stale. Locked for one page or one piece of a sweep, interrupts off; nobody
/// waits while holding it.
pub(super) struct Tree {
    nodes: Nodes,
    /// Counts changes of the tree's shape.
    version: u64,
    stale: Stale,
}

static TREE: Mutex<Tree> = Mutex::new(Tree {
    nodes: Nodes::new(),
    version: 0,
    stale: Stale::none(),
});

/// Takes the tree.
pub(super) fn lock() -> MutexGuard<'static, Tree> {
    shootdown::lock(&TREE)
}

/// Takes the tree if nobody has it.
#[inline]
pub(super) fn try_lock() -> Option<MutexGuard<'static, Tree>> {
    TREE.try_lock()
}

/// The rights as flags of a page's entry.
pub(super) fn flags(rights: Rights) -> Entry {
    let mut flags = Entry::USER;
    if rights.contains(Rights::WRITE) {
        flags = flags.with(Entry::WRITE);
    }
    if !rights.contains(Rights::EXECUTE) {
        flags = flags.with(Entry::NX);
    }
    flags
}

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

impl Tree {
    /// Goes on with a sweep for one piece.
    pub(super) fn sweep(&mut self, sweep: &mut Sweep) {
        let version = self.version;
        sweep.go_on(self, version);
        sweep.pause(self.version);
    }

    /// Whether the memory for a node is there.
    #[inline]
    pub(super) fn has_room(&self) -> bool {
        self.nodes.has_room()
    }

    /// Adds to `stale` what the caller has made stale since it took the tree: it drops that after letting go of the tree.
    #[inline]
    pub(super) fn move_stale(&mut self, stale: &mut Option<Stale>) {
        if !self.stale.is_empty() {
            stale.get_or_insert(Stale::none()).absorb(&mut self.stale);
        }
    }

    /// Something was taken away from `space`.
    pub(super) fn mark_stale(&mut self, space: &Space) {
        self.version += 1;
        self.stale.add(space.root());
    }

    /// The page at `address` of `space` gets `rights`, which it may have already.
    pub(super) fn widen(&mut self, space: &Space, address: u64, rights: Rights) {
        self.version += 1;
        let (set, clear) = (flags(rights).without(Entry::NX), Entry::NX);
        let clear = clear.without(Entry(flags(rights).0 & Entry::NX.0));
        let _before = update_page(&mut PhysTables, space.root(), address, clear, set);
    }
}

impl Store for Tree {
    fn node(&self, handle: Handle) -> &Node {
        self.nodes.get(handle)
    }

    fn node_mut(&mut self, handle: Handle) -> &mut Node {
        self.nodes.get_mut(handle)
    }

    #[inline(always)]
    fn allocate(&mut self, node: Node) -> Option<Handle> {
        self.version += 1;
        self.nodes.allocate(node)
    }

    fn free(&mut self, handle: Handle) {
        self.version += 1;
        self.nodes.free(handle);
    }

    fn root(&self, space: SpaceName) -> Option<Handle> {
        Space::named(space).pages()
    }

    fn set_root(&mut self, space: SpaceName, root: Option<Handle>) {
        Space::named(space).set_pages(root);
    }

    fn narrow(&mut self, space: SpaceName, address: u64, rest: Rights) -> Rights {
        let root = Space::named(space).root();
        let may_write = rest.contains(Rights::WRITE);
        let clear = if may_write {
            USED
        } else {
            USED.with(Entry::WRITE)
        };
        let set = Entry(flags(rest).0 & Entry::NX.0);
        let old = update_page(&mut PhysTables, root, address, clear, set);
        let new = |leaf: Leaf| leaf.entry.without(clear).with(set);
        if old.is_some_and(|leaf| new(leaf) != leaf.entry) {
            self.stale.add(root);
        }
        accesses(old)
    }

    fn erase(&mut self, space: SpaceName, address: u64) -> Rights {
        let root = Space::named(space).root();
        let old = unmap_page(&mut PhysTables, root, address);
        if old.is_some() {
            self.stale.add(root);
        }
        accesses(old)
    }
}
