//! The nodes of the mapping tests, without pages behind them: a port is there when its node is.

use std::collections::BTreeMap;

use pecan_abi::fpage::Rights;
use pecan_rules::mapping::{Handle, Node, SpaceName, Store, covering, first_child, next_sibling};
use pecan_rules::ports::Ports;

use crate::mapping::memory::Memory;

pub(super) struct Quiet(Memory);

impl Quiet {
    pub(super) fn new(room: usize) -> Self {
        Self(Memory::new(room))
    }

    pub(super) fn version(&self) -> u64 {
        self.0.version
    }

    pub(super) fn nodes(&self) -> usize {
        self.0.nodes().count()
    }

    /// Who has what from whom.
    pub(super) fn ports(&self) -> BTreeMap<(u32, u16), u32> {
        let mut all = BTreeMap::new();
        for (_, node) in self.0.nodes() {
            let Some(parent) = node.parent() else {
                continue;
            };
            let (ports, giver) = (Ports::of(node), self.node(parent).space().0);
            all.extend((ports.first..=ports.last).map(|port| ((node.space().0, port), giver)));
        }
        all
    }

    /// Every child has ports of its parent, all are found, and no region is empty.
    pub(super) fn check_links(&self) {
        for (handle, node) in self.0.nodes() {
            let found =
                [node.address(), node.last()].map(|address| covering(self, node.space(), address));
            assert_eq!(found, [Some(handle); 2]);
            assert!(node.parent().is_some() || node.has_children());
            let mut child = first_child(self, handle);
            while let Some(next) = child {
                let below = self.node(next);
                assert_eq!(below.parent(), Some(handle));
                assert!(node.address() <= below.address() && below.last() <= node.last());
                child = next_sibling(self, next);
            }
            let port = u64::from(node.frame()) << 12;
            assert_eq!(
                node.address(),
                port,
                "a port has the same number everywhere"
            );
            if let Some(parent) = node.parent() {
                let mut sibling = first_child(self, parent);
                while sibling != Some(handle) {
                    sibling = next_sibling(self, sibling.expect("it is among the children"));
                }
            }
        }
    }
}

impl Store for Quiet {
    fn node(&self, handle: Handle) -> &Node {
        self.0.node(handle)
    }

    fn node_mut(&mut self, handle: Handle) -> &mut Node {
        self.0.node_mut(handle)
    }

    fn allocate(&mut self, node: Node) -> Option<Handle> {
        self.0.allocate(node)
    }

    fn free(&mut self, handle: Handle) {
        self.0.free(handle);
    }

    fn root(&self, space: SpaceName) -> Option<Handle> {
        self.0.root(space)
    }

    fn set_root(&mut self, space: SpaceName, root: Option<Handle>) {
        self.0.set_root(space, root);
    }

    fn narrow(&mut self, _: SpaceName, _: u64, _: Rights) -> Rights {
        panic!("ports have no rights that could be taken")
    }

    fn erase(&mut self, _: SpaceName, _: u64) -> Rights {
        Rights::NONE
    }
}
