//! Nodes in a vector, and page tables as a map.

use std::cell::Cell;
use std::collections::BTreeMap;

use pecan_abi::fpage::Rights;
use pecan_rules::mapping::{Handle, Node, SpaceName, Store};

/// A page as the processor sees it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Shown {
    pub(crate) log2: u32,
    pub(crate) rights: Rights,
    pub(crate) seen: Rights,
}

#[derive(Default)]
pub(crate) struct Memory {
    nodes: Vec<Option<Node>>,
    /// Slots without a node.
    free: Vec<usize>,
    roots: BTreeMap<SpaceName, Handle>,
    pub(crate) shown: BTreeMap<(SpaceName, u64), Shown>,
    pub(crate) version: u64,
    /// Visits of pages by sweeps.
    pub(crate) visits: usize,
    /// How often a node was looked at.
    pub(super) reads: Cell<usize>,
    /// How many nodes there may be.
    pub(crate) room: usize,
}

impl Memory {
    pub(crate) fn new(room: usize) -> Self {
        Self {
            room,
            ..Self::default()
        }
    }

    pub(crate) fn nodes(&self) -> impl Iterator<Item = (Handle, &Node)> {
        let named = |index: usize| Handle::new(index as u32 + 1).expect("not zero");
        let slots = self.nodes.iter().enumerate();
        slots.filter_map(move |(index, node)| node.as_ref().map(|node| (named(index), node)))
    }
}

impl Store for Memory {
    fn node(&self, handle: Handle) -> &Node {
        self.reads.set(self.reads.get() + 1);
        let slot = &self.nodes[handle.get() as usize - 1];
        slot.as_ref().expect("a node in use")
    }

    fn node_mut(&mut self, handle: Handle) -> &mut Node {
        let slot = &mut self.nodes[handle.get() as usize - 1];
        slot.as_mut().expect("a node in use")
    }

    fn allocate(&mut self, node: Node) -> Option<Handle> {
        self.version += 1;
        if self.nodes.len() - self.free.len() >= self.room {
            return None;
        }
        let index = self.free.pop().unwrap_or(self.nodes.len());
        if index == self.nodes.len() {
            self.nodes.push(None);
        }
        self.nodes[index] = Some(node);
        Handle::new(index as u32 + 1)
    }

    fn free(&mut self, handle: Handle) {
        self.version += 1;
        let old = self.nodes[handle.get() as usize - 1].take();
        assert!(old.is_some(), "a node is freed twice");
        self.free.push(handle.get() as usize - 1);
    }

    fn root(&self, space: SpaceName) -> Option<Handle> {
        self.roots.get(&space).copied()
    }

    fn set_root(&mut self, space: SpaceName, root: Option<Handle>) {
        match root {
            Some(root) => self.roots.insert(space, root),
            None => self.roots.remove(&space),
        };
    }

    fn narrow(&mut self, space: SpaceName, address: u64, rest: Rights) -> Rights {
        self.visits += 1;
        let page = self.shown.get_mut(&(space, address)).expect("a page");
        page.rights = rest;
        core::mem::take(&mut page.seen)
    }

    fn erase(&mut self, space: SpaceName, address: u64) -> Rights {
        self.visits += 1;
        let page = self.shown.remove(&(space, address)).expect("a page");
        page.seen
    }
}
