//! Map and grant items of I/O ports (L4 X.2 on amd64, I/O fpages).

use pecan_abi::fpage::{Fpage, IoFpage};
use pecan_rules::ports::{Giver, Mode, Ports};

use super::{tree, unmap};
use crate::cpu;
use crate::space::map::{self, NoMemory};
use crate::space::shootdown;
use crate::space::{Role, Space};

/// Gives `to` the ports that `from` has of those that the item names and the window, which is not nil, takes. The owner
/// of all ports gets nothing, since it has everything, and can only map. Who gives to itself keeps what it has.
///
/// The tree is locked for one piece at a time. On an error, what was given before stays.
#[inline(never)]
pub(crate) fn item(
    from: &Space,
    to: &Space,
    page: IoFpage,
    window: Fpage,
    mode: map::Mode,
) -> Result<(), NoMemory> {
    let Some(ports) = Ports::named(page).within(window) else {
        return Ok(());
    };
    if to.role() == Role::Sigma0 || to.name() == from.name() {
        return Ok(());
    }
    let giver = match (from.role(), mode) {
        (Role::Sigma0, _) => Giver::Owner(from.name()),
        (_, map::Mode::Map) => Giver::Space(from.name(), Mode::Map),
        (_, map::Mode::Grant) => Giver::Space(from.name(), Mode::Grant),
    };
    let mut left = Some(ports);
    while let Some(ports) = left {
        shootdown::answer(cpu::current());
        left = step(giver, to, ports)?;
    }
    if let Giver::Space(_, Mode::Grant) = giver {
        unmap::take(from, ports, true, || true);
    }
    Ok(())
}

/// Gives one piece; the result is the rest. What a grant took away no CPU lets a program use any more.
fn step(giver: Giver, to: &Space, ports: Ports) -> Result<Option<Ports>, NoMemory> {
    let (rest, mut stale) = {
        let mut tree = tree::lock();
        (tree.give(giver, to.name(), ports), tree.take_stale())
    };
    stale.forget_ports();
    rest.map_err(|_| NoMemory)
}
