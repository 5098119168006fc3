//! A mapping tree of all spaces, of pages or of ports, with the kernel's memory behind it. Locked by its owner, interrupts off.

use core::marker::PhantomData;

use pecan_abi::fpage::Rights;
use pecan_rules::mapping::{self, Handle, Node, SpaceName, Store, Sweep};

use super::nodes::Nodes;
use super::object::Space;
use super::shootdown::{self, Roots};

/// What is in such a tree.
pub(super) trait Kind {
    /// What CPUs may still have of it when it is taken away.
    const STALE: shootdown::Kind;
    /// Where the tree finds what a space has.
    fn root(space: &Space) -> Option<Handle>;
    /// Sets that.
    fn set_root(space: &Space, root: Option<Handle>);
    /// Whether pages stand in groups.
    const GROUPS: bool;
    /// Leaves `space` only the rights `rest` to what is at `address`; the accesses seen, and whether a CPU may hold more.
    fn narrow(space: &Space, address: u64, rest: Rights) -> (Rights, bool);
    /// Takes what is at `address` from `space`; the accesses seen, and whether a CPU may still have it.
    fn erase(space: &Space, address: u64) -> (Rights, bool);
}

/// The tree, and which spaces lost something. Nobody waits while holding it, and of other locks only those of tables, of the
/// reserve and of the flights are taken meanwhile. It guards the pages of spaces, too: who holds it fills absent entries of tables,
/// but for those that show something of the kernel's or are the owner's.
pub(super) struct Forest<K> {
    nodes: Nodes,
    /// Counts changes of the tree's shape.
    version: u64,
    stale: Roots,
    kind: PhantomData<K>,
}

impl<K: Kind> Forest<K> {
    /// Nobody has anything.
    pub(super) const fn new() -> Self {
        Self {
            nodes: Nodes::new(),
            version: 0,
            stale: Roots::NONE,
            kind: PhantomData,
        }
    }

    /// The page table that shows what a group spans, once [`Self::note_table`] was told; else 0.
    #[inline(always)]
    pub(super) fn table(&self, group: Handle) -> u64 {
        self.nodes.group(group).table()
    }

    /// `table` shows what `group` spans, none of which belongs to the kernel.
    pub(super) fn note_table(&mut self, group: Handle, table: u64) {
        self.nodes.group_mut(group).set_table(table);
    }

    /// The tree changes in a way that sweeps must notice.
    #[inline]
    pub(super) fn changes(&mut self) {
        self.version += 1;
    }

    /// Something was taken away from `space`.
    pub(super) fn mark_stale(&mut self, space: &Space) {
        self.changes();
        self.stale.add(space.root(), K::STALE);
    }

    /// Goes on with a sweep for one piece.
    pub(super) fn sweep(&mut self, sweep: &mut Sweep) {
        let version = self.version;
        sweep.go_on(self, version);
        sweep.pause(self.version);
    }

    /// `space` has nothing any more, and keeps nothing.
    pub(super) fn forget(&mut self, space: &Space) {
        mapping::forget(self, space.name());
    }

    /// After a sweep, before the tree is let go. True: the thread must [`shootdown::wait`] before it tells anybody that what
    /// the sweep was about is gone.
    #[inline]
    pub(super) fn note_stale(&mut self) -> bool {
        shootdown::note(&mut self.stale)
    }

    /// As [`Self::note_stale`], after something was put into `space`: what was in its place may be somewhere still.
    #[inline]
    pub(super) fn note_replaced(&mut self, space: &Space) -> bool {
        if self.stale.is_empty() {
            shootdown::concern(space.root())
        } else {
            shootdown::note(&mut self.stale)
        }
    }
}

impl<K: Kind> Store for Forest<K> {
    const GROUPS: bool = K::GROUPS;

    #[inline(always)]
    fn latest(&self, space: SpaceName) -> Option<Handle> {
        if K::GROUPS {
            Space::named(space).latest()
        } else {
            None
        }
    }

    fn set_latest(&mut self, space: SpaceName, group: Option<Handle>) {
        Space::named(space).set_latest(group);
    }

    fn allocate_group(&mut self, node: Node) -> Option<Handle> {
        self.changes();
        self.nodes.allocate_group(node)
    }

    fn free_group(&mut self, group: Handle) {
        self.changes();
        self.nodes.free_group(group);
    }

    #[inline(always)]
    fn slot(&self, group: Handle, index: usize) -> Option<Handle> {
        self.nodes.group(group).page(index)
    }

    #[inline(always)]
    fn set_slot(&mut self, group: Handle, index: usize, node: Option<Handle>) {
        self.nodes.group_mut(group).set_page(index, node);
    }

    fn is_empty(&self, group: Handle) -> bool {
        self.nodes.group(group).is_empty()
    }

    fn node(&self, handle: Handle) -> &Node {
        self.nodes.get(handle)
    }

    fn node_mut(&mut self, handle: Handle) -> &mut Node {
        self.nodes.get_mut(handle)
    }

    #[inline(always)]
    fn allocate(&mut self, node: Node) -> Option<Handle> {
        self.changes();
        self.nodes.allocate(node)
    }

    fn free(&mut self, handle: Handle) {
        self.changes();
        self.nodes.free(handle);
    }

    fn root(&self, space: SpaceName) -> Option<Handle> {
        K::root(Space::named(space))
    }

    fn set_root(&mut self, space: SpaceName, root: Option<Handle>) {
        K::set_root(Space::named(space), root);
    }

    fn narrow(&mut self, space: SpaceName, address: u64, rest: Rights) -> Rights {
        let space = Space::named(space);
        let (seen, stale) = K::narrow(space, address, rest);
        if stale {
            self.stale.add(space.root(), K::STALE);
        }
        seen
    }

    fn erase(&mut self, space: SpaceName, address: u64) -> Rights {
        let space = Space::named(space);
        let (seen, stale) = K::erase(space, address);
        if stale {
            self.stale.add(space.root(), K::STALE);
        }
        seen
    }
}
