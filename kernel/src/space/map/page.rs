//! One page of the smallest size to a place where nothing is: what the answer to a page fault brings.

use pecan_abi::caching::Caching;
use pecan_abi::fpage::Fpage;
use pecan_rules::mapping::{Spot, Store, covering};
use pecan_rules::paging::find;
use pecan_rules::placement::place_page;

use super::put::{Giver, Piece, fresh, readable};
use crate::space::caching;
use crate::space::object::{Role, Space};
use crate::space::tables::PhysTables;
use crate::space::{shootdown, tree};

/// Maps the page of `from` that the item names into the window of `to`, as [`super::item`] does. False, with nothing changed,
/// unless it is one page of 4 KiB that `from` was given, nothing is at its place in `to` nor may be seen there by another CPU, all
/// pages are cached as usual, the page's table and the memory for a node are there, and nobody holds a lock.
#[inline(always)]
pub(crate) fn page(from: &Space, to: &Space, send_base: u64, send: Fpage, window: Fpage) -> bool {
    let owners = from.role() == Role::Sigma0 || to.role() == Role::Sigma0;
    let Some(placement) = place_page(send_base, send, window) else {
        return false;
    };
    if owners || !caching::is_usual() {
        return false;
    }
    let (Some(mut tree), Some(areas)) = (tree::try_lock(), to.areas.try_lock()) else {
        return false;
    };
    let Some(source) = covering(&*tree, from.name(), placement.source) else {
        return false;
    };
    let target = placement.target;
    let at = find(&PhysTables, to.root(), target);
    let is_free = at.is_absent_page() && !areas.contain(target) && !shootdown::any();
    if !is_free || !tree.has_room() {
        return false;
    }
    let node = tree.node(source);
    let piece = Piece {
        giver: Giver::Page(source),
        spot: Spot {
            space: to.name(),
            address: target,
            log2: Fpage::MIN_LOG2,
        },
        phys: (u64::from(node.frame()) << 12) + (placement.source - node.address()),
        rights: readable(placement.rights.and(node.rights())),
        caching: Caching::WriteBack,
    };
    fresh(&mut tree, &piece, &at, areas).is_ok()
}
