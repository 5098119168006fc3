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

/// A group: its node, and the full ones of its slots.
struct Group {
    node: Node,
    slots: BTreeMap<usize, Handle>,
}

/// Handles of groups are above this.
const GROUPS: u32 = 1 << 31;

#[derive(Default)]
pub(crate) struct Memory {
    nodes: Vec<Option<Node>>,
    /// Slots without a node.
    free: Vec<usize>,
    roots: BTreeMap<SpaceName, Handle>,
    /// Groups in use, by handles of their own, and how many there were.
    groups: BTreeMap<Handle, Group>,
    made: u32,
    latest: BTreeMap<SpaceName, Handle>,
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

    /// No space keeps more than one group in vain, and none that it does not remember.
    pub(crate) fn check_groups(&self) {
        for (handle, group) in &self.groups {
            let space = group.node.space();
            let remembered = self.latest.get(&space) == Some(handle);
            assert!(remembered || !group.slots.is_empty(), "an empty group");
        }
    }

    /// How many groups there are.
    pub(crate) fn groups(&self) -> usize {
        self.groups.len()
    }
}

impl Store for Memory {
    fn node(&self, handle: Handle) -> &Node {
        self.reads.set(self.reads.get() + 1);
        if handle.get() > GROUPS {
            return &self.groups[&handle].node;
        }
        let slot = &self.nodes[handle.get() as usize - 1];
        slot.as_ref().expect("a node in use")
    }

    fn node_mut(&mut self, handle: Handle) -> &mut Node {
        if handle.get() > GROUPS {
            return &mut self.groups.get_mut(&handle).expect("a group").node;
        }
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

    const GROUPS: bool = true;

    fn latest(&self, space: SpaceName) -> Option<Handle> {
        self.latest.get(&space).copied()
    }

    fn set_latest(&mut self, space: SpaceName, group: Option<Handle>) {
        match group {
            Some(group) => self.latest.insert(space, group),
            None => self.latest.remove(&space),
        };
    }

    fn allocate_group(&mut self, node: Node) -> Option<Handle> {
        self.version += 1;
        if self.groups.len() >= self.room {
            return None;
        }
        self.made += 1;
        let handle = Handle::new(GROUPS + self.made)?;
        let slots = BTreeMap::new();
        self.groups.insert(handle, Group { node, slots });
        Some(handle)
    }

    fn free_group(&mut self, group: Handle) {
        self.version += 1;
        let old = self.groups.remove(&group).expect("a group in use");
        assert!(old.slots.is_empty(), "a group with pages is freed");
    }

    fn slot(&self, group: Handle, index: usize) -> Option<Handle> {
        self.groups[&group].slots.get(&index).copied()
    }

    fn set_slot(&mut self, group: Handle, index: usize, node: Option<Handle>) {
        let group = self.groups.get_mut(&group).expect("a group in use");
        let old = match node {
            Some(node) => group.slots.insert(index, node),
            None => group.slots.remove(&index),
        };
        assert_ne!(old.is_some(), node.is_some(), "a slot is filled twice");
    }

    fn is_empty(&self, group: Handle) -> bool {
        self.groups[&group].slots.is_empty()
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
