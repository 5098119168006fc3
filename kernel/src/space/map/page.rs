//! One page of the smallest size to a place where nothing is: what the answer to a page fault brings.

use pecan_abi::caching::Caching;
use pecan_abi::fpage::Fpage;
use pecan_rules::mapping::{Spot, Store, covering};
use pecan_rules::paging::End;
use pecan_rules::placement::place_page;

use super::put::{Giver, Piece, fresh, readable};
use crate::space::caching;
use crate::space::object::{Role, Space};
use crate::space::tables::PhysTables;
use crate::space::{shootdown, tree};

/// Maps the page of `from` that the item names into the window of `to`, as [`super::item`] does. False, with nothing changed,
/// unless it is one page of 4 KiB that `from` was given, nothing is at its place in `to` nor may be seen there by another CPU, all
/// pages are cached as usual, the page's table and the memory for its node are there, and nobody holds a lock.
#[inline(never)]
pub(crate) fn page(from: &Space, to: &Space, send_base: u64, send: Fpage, window: Fpage) -> bool {
    let owners = from.role() == Role::Sigma0 || to.role() == Role::Sigma0;
    let Some(placement) = place_page(send_base, send, window) else {
        return false;
    };
    if owners || !caching::is_usual() {
        return false;
    }
    let Some(mut tree) = tree::try_lock() else {
        return false;
    };
    let Some(source) = covering(&*tree, from.name(), placement.source) else {
        return false;
    };
    let node = tree.node(source);
    let phys = (u64::from(node.frame()) << 12) + (placement.source - node.address());
    let rights = readable(placement.rights.and(node.rights()));
    let Some(mut areas) = to.areas.try_lock() else {
        return false;
    };
    let target = placement.target;
    let Some(table) = areas.table(to.root(), target) else {
        return false;
    };
    let at = End::in_table(&PhysTables, table, target);
    if !at.is_absent_page() || shootdown::any() {
        return false;
    }
    let piece = Piece {
        giver: Giver::Page(source),
        spot: Spot {
            space: to.name(),
            address: target,
            log2: Fpage::MIN_LOG2,
        },
        phys,
        rights,
        caching: Caching::WriteBack,
    };
    fresh(&mut tree, &piece, &at, areas).is_ok()
}
