//! Map and grant items of ports.
//!
//! A receiver that has a port already keeps it as it has it: as ever, from whom it got it first. So no port is ever
//! mapped twice into a space, and none goes round in a circle.

use super::{Ports, cut};
use crate::mapping::{
    Handle, NoMemory, SpaceName, Store, add, adopt, covering, drop_if_empty, first_within, prepare,
    region, relocate,
};
use pecan_abi::fpage::Rights;

/// Whether the sender keeps what it sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// The receiver's ports derive from the sender's.
    Map,
    /// The receiver has them in the sender's place.
    Grant,
}

/// Where ports come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Giver {
    /// The space that owns all ports, and keeps them.
    Owner(SpaceName),
    /// Any other.
    Space(SpaceName, Mode),
}

/// Gives one piece of `ports`, or finds that nothing is to be given there: the result is the rest of the ports, `None`
/// when none is left. Of an `Err`, what was given before stays, and nothing else has changed.
///
/// Granting leaves the sender what the receiver had already: the caller takes it by a sweep. `to` is neither the
/// giver's space nor the owner of all ports.
pub fn give<S: Store>(
    store: &mut S,
    giver: Giver,
    to: SpaceName,
    ports: Ports,
) -> Result<Option<Ports>, NoMemory> {
    if let Giver::Space(from, Mode::Grant) = giver
        && cut(store, from, ports, true)?
    {
        return Ok(Some(ports));
    }
    let Some((source, found)) = source(store, giver, ports) else {
        return Ok(None);
    };
    let (from, last) = found.addresses();
    let piece = match first_within(store, to, from, last) {
        None => found.piece(),
        Some(target) => {
            let had = Ports::of(store.node(target));
            if had.first <= found.first {
                if let (Some(source), Giver::Space(_, Mode::Grant)) = (source, giver) {
                    promote(store, source, target);
                }
                return Ok(rest(ports, had));
            }
            let last = had.first - 1;
            Ports { last, ..found }.piece()
        }
    };
    match (source, giver) {
        (Some(source), Giver::Space(from, Mode::Grant)) => {
            if Ports::of(store.node(source)) != piece {
                // The piece to be moved must be one of its own first.
                cut(store, from, piece, true)?;
                return Ok(Some(Ports {
                    first: piece.first,
                    ..ports
                }));
            }
            let place = prepare(store, piece.spot(to))?;
            let seen = store.erase(from, piece.addresses().0);
            relocate(store, source, place, seen);
        }
        (Some(source), _) => derive(store, source, to, piece)?,
        (None, Giver::Owner(owner) | Giver::Space(owner, _)) => {
            let source = region(store, owner, piece.addresses().0)?;
            derive(store, source, to, piece)?;
        }
    }
    Ok(rest(ports, piece))
}

/// The first of the ports that the giver has, as far as they are in one piece, and that piece unless the giver is the
/// owner of all.
fn source<S: Store>(store: &S, giver: Giver, ports: Ports) -> Option<(Option<Handle>, Ports)> {
    match giver {
        Giver::Owner(_) => Some((None, ports.and(Ports::largest(ports.first))?)),
        Giver::Space(space, _) => {
            let (first, last) = ports.addresses();
            let source = first_within(store, space, first, last)?;
            Some((Some(source), ports.and(Ports::of(store.node(source)))?))
        }
    }
}

/// What of `ports` comes after `done`.
fn rest(ports: Ports, done: Ports) -> Option<Ports> {
    let first = done.last.checked_add(1)?;
    (first <= ports.last).then_some(Ports { first, ..ports })
}

/// Records a piece that was mapped from the piece of `source`.
fn derive<S: Store>(
    store: &mut S,
    source: Handle,
    to: SpaceName,
    piece: Ports,
) -> Result<(), NoMemory> {
    let frame = u32::from(piece.first);
    let added = add(store, source, frame, piece.spot(to), Rights::FULL);
    if added.is_err() {
        drop_if_empty(store, source);
    }
    added.map(|_| ())
}

/// The piece `source` is granted to one who has `target` already, which may derive from it: then it is not lost with
/// the source, but derives from what that derived from.
fn promote<S: Store>(store: &mut S, source: Handle, target: Handle) {
    let mut above = store.node(target).parent();
    while let Some(node) = above.filter(|node| *node != source) {
        above = store.node(node).parent();
    }
    if let (Some(_), Some(parent)) = (above, store.node(source).parent()) {
        adopt(store, target, parent);
    }
}

/// Whether `space` has all of the ports, and as which pieces: `each` is called with them, perhaps in vain.
pub fn has_all<S: Store>(
    store: &S,
    space: SpaceName,
    ports: Ports,
    mut each: impl FnMut(Ports),
) -> bool {
    let mut left = Some(ports);
    while let Some(ports) = left {
        let Some(node) = covering(store, space, ports.addresses().0) else {
            return false;
        };
        let piece = Ports::of(store.node(node));
        each(piece);
        left = rest(ports, piece);
    }
    true
}
