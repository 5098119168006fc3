//! The mapping tree of ports. There is no table behind it: what a CPU lets programs use is in `cpu::ports`.

use pecan_abi::fpage::Rights;
use pecan_rules::mapping::{Handle, NoMemory, SpaceName};
use pecan_rules::ports::{self, Giver, Ports};
use spin::{Mutex, MutexGuard};

use crate::space::Space;
use crate::space::forest::{Forest, Kind};
use crate::space::shootdown;

/// The tree. Locked for one piece or one part of a sweep.
pub(super) type Tree = Forest<AllPorts>;

static TREE: Mutex<Tree> = Mutex::new(Tree::new());

/// Takes the tree.
pub(super) fn lock() -> MutexGuard<'static, Tree> {
    TREE.lock()
}

/// Ports, which have no rights: a sweep takes all or nothing, and nobody sees who uses them.
pub(super) enum AllPorts {}

impl Kind for AllPorts {
    const STALE: shootdown::Kind = shootdown::Kind::Ports;
    const GROUPS: bool = false;

    fn root(space: &Space) -> Option<Handle> {
        space.ports()
    }

    fn set_root(space: &Space, root: Option<Handle>) {
        space.set_ports(root);
    }

    fn narrow(_: &Space, _: u64, _: Rights) -> (Rights, bool) {
        (Rights::NONE, false)
    }

    fn erase(_: &Space, _: u64) -> (Rights, bool) {
        (Rights::NONE, true)
    }
}

impl Tree {
    /// Gives one piece, as [`ports::give`] does.
    pub(super) fn give(
        &mut self,
        giver: Giver,
        to: SpaceName,
        ports: Ports,
    ) -> Result<Option<Ports>, NoMemory> {
        self.changes();
        ports::give(self, giver, to, ports)
    }
}
