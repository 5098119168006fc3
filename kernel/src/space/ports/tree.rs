//! The mapping tree of ports, with the kernel's memory behind it.

use pecan_abi::fpage::Rights;
use pecan_rules::mapping::{Handle, NoMemory, Node, SpaceName, Store, Sweep};
use pecan_rules::ports::{self, Giver, Ports};
use spin::{Mutex, MutexGuard};

use crate::space::Space;
use crate::space::nodes::Nodes;
use crate::space::shootdown::{self, Stale};

/// The tree, and which spaces lost ports. Locked for one piece or one part of a sweep; nobody waits while holding it,
/// and of other locks only the reserve's is taken meanwhile.
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

impl Tree {
    /// Gives one piece, as [`ports::give`] does.
    pub(super) fn give(
        &mut self,
        giver: Giver,
        to: SpaceName,
        ports: Ports,
    ) -> Result<Option<Ports>, NoMemory> {
        self.version += 1;
        ports::give(self, giver, to, ports)
    }

    /// Goes on with a sweep for one part.
    pub(super) fn sweep(&mut self, sweep: &mut Sweep) {
        let version = self.version;
        sweep.go_on(self, version);
        sweep.pause(self.version);
    }

    /// Who lost ports since the last call: the caller lets the CPUs forget them after letting go of the tree.
    pub(super) fn take_stale(&mut self) -> Stale {
        core::mem::replace(&mut self.stale, Stale::none())
    }
}

impl Store for Tree {
    fn node(&self, handle: Handle) -> &Node {
        self.nodes.get(handle)
    }

    fn node_mut(&mut self, handle: Handle) -> &mut Node {
        self.nodes.get_mut(handle)
    }

    fn allocate(&mut self, node: Node) -> Option<Handle> {
        self.version += 1;
        self.nodes.allocate(node)
    }

    fn free(&mut self, handle: Handle) {
        self.version += 1;
        self.nodes.free(handle);
    }

    fn root(&self, space: SpaceName) -> Option<Handle> {
        Space::named(space).ports()
    }

    fn set_root(&mut self, space: SpaceName, root: Option<Handle>) {
        Space::named(space).set_ports(root);
    }

    /// Ports have no rights, so a sweep of them takes all or nothing.
    fn narrow(&mut self, _: SpaceName, _: u64, _: Rights) -> Rights {
        Rights::NONE
    }

    fn erase(&mut self, space: SpaceName, _: u64) -> Rights {
        self.version += 1;
        self.stale.add(Space::named(space).root());
        Rights::NONE
    }
}
