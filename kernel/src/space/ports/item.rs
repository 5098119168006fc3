//! Map and grant items of I/O ports (L4 X.2 on amd64, I/O fpages).

use pecan_abi::fpage::{Fpage, IoFpage};
use pecan_rules::ports::{Giver, Mode, Ports};

use super::{tree, unmap};
use crate::space::map::{self, NoMemory};
use crate::space::{Role, Space};

/// Gives `to` the ports that `from` has of those that the item names and the window, which is not nil, takes. The owner
/// of all ports gets nothing, since it has everything, and can only map. Who gives to itself keeps what it has.
///
/// The tree is locked for one piece at a time. On an error, what was given before stays. `stale` becomes true if other CPUs may
/// still let programs use what a grant took away.
#[inline(never)]
pub(crate) fn item(
    from: &Space,
    to: &Space,
    page: IoFpage,
    window: Fpage,
    mode: map::Mode,
    stale: &mut bool,
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
        left = step(giver, to, ports, stale)?;
    }
    if let Giver::Space(_, Mode::Grant) = giver {
        unmap::take(from, ports, true, stale, || true);
    }
    Ok(())
}

/// Gives one piece; the result is the rest.
fn step(
    giver: Giver,
    to: &Space,
    ports: Ports,
    stale: &mut bool,
) -> Result<Option<Ports>, NoMemory> {
    let mut tree = tree::lock();
    let rest = tree.give(giver, to.name(), ports);
    *stale |= tree.note_replaced(to);
    rest.map_err(|_| NoMemory)
}
