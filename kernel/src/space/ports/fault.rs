//! A program used a port that its CPU does not let it use: perhaps its space has it.

use pecan_rules::mapping::SpaceName;
use pecan_rules::ports::{Ports, has_all};

use super::tree;
use crate::arch::x86_64::port_bitmap;
use crate::cpu;
use crate::space::{Role, Space};
use crate::thread::{Owned, Resources};

/// What becomes of a program that faulted at an input or output instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Admission {
    /// It may use the ports now.
    Granted,
    /// It could use them before, so the fault has another reason.
    Had,
    /// Its space does not have them all.
    Refused,
}

/// Lets `me`, the running thread, use the ports if `space`, which is its own, has them. This CPU, interrupts off.
pub(crate) fn admit(me: Owned, space: &Space, ports: Ports) -> Admission {
    let map = &cpu::current().ports;
    let is_on = me.resources.get() & Resources::PORTS != 0;
    if !map.allows(space.root(), ports) {
        if !look_up(space, ports) {
            return Admission::Refused;
        }
    } else if is_on {
        return Admission::Had;
    }
    me.resources.set(me.resources.get() | Resources::PORTS);
    port_bitmap::switch_on();
    Admission::Granted
}

/// Takes the pieces in which the ports are into this CPU's bitmap, if the space has them all.
fn look_up(space: &Space, ports: Ports) -> bool {
    let root = space.root();
    // The lock may be waited for, and others answered meanwhile: so the bitmap is changed only with the lock held.
    let tree = tree::lock();
    let map = &cpu::current().ports;
    if space.role() == Role::Sigma0 {
        map.allow(root, Ports::largest(ports.first));
        map.allow(root, Ports::largest(ports.last));
        return true;
    }
    let name: SpaceName = space.name();
    has_all(&*tree, name, ports, |piece| map.allow(root, piece))
}
