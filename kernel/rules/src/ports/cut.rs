//! Pieces that are in part what Unmap or a grant item names are divided, with all that derives from them.

use super::Ports;
use crate::mapping::{
    Handle, NoMemory, SpaceName, Store, child_as_large, child_at, covering, halve,
};

/// Divides one piece that is in part inside of `ports` and derives from one of `space`, or is one of `space` if `own`.
/// False if there is none, and a sweep of these ports, with its flush if `own`, takes exactly them.
///
/// The time is that of the pieces of others that were mapped from the same one and have the first or the last port.
pub fn cut<S: Store>(
    store: &mut S,
    space: SpaceName,
    ports: Ports,
    own: bool,
) -> Result<bool, NoMemory> {
    let (first, last) = ports.addresses();
    for edge in [first, last] {
        let Some(top) = covering(store, space, edge) else {
            continue;
        };
        if let Some(piece) = straddling(store, top, ports, edge, own) {
            halve(store, deepest_as_large(store, piece))?;
            return Ok(true);
        }
    }
    Ok(false)
}

/// The piece `top`, or one that was mapped from it, if it has ports inside and outside of `ports`. `top` itself stays as
/// it is unless `own`, or if it is a region of the owner of all ports. Such a piece has the first or the last of the
/// ports, one of which is at `edge`.
fn straddling<S: Store>(
    store: &S,
    top: Handle,
    ports: Ports,
    edge: u64,
    own: bool,
) -> Option<Handle> {
    if !straddles(store, top, ports) {
        return None;
    }
    if own && store.node(top).parent().is_some() {
        return Some(top);
    }
    let mut next = child_at(store, top, None, edge);
    while let Some(child) = next {
        if straddles(store, child, ports) {
            return Some(child);
        }
        next = child_at(store, top, next, edge);
    }
    None
}

fn straddles<S: Store>(store: &S, piece: Handle, ports: Ports) -> bool {
    let piece = Ports::of(store.node(piece));
    !ports.contains(piece) && ports.and(piece).is_some()
}

/// A piece as large as `piece` that derives from it and from which none as large derives; perhaps itself.
fn deepest_as_large<S: Store>(store: &S, mut piece: Handle) -> Handle {
    while let Some(child) = child_as_large(store, piece) {
        piece = child;
    }
    piece
}
