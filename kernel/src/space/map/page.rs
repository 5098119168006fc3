//! One page of the smallest size to a place where nothing is: what the answer to a page fault brings.

use pecan_abi::fpage::Fpage;
use pecan_rules::mapping::{
    Handle, Spot, Store, add_in_group, first_within, group_at, in_group, spans,
};
use pecan_rules::paging::{End, fill};
use pecan_rules::placement::place_page;

use super::put::readable;
use crate::space::caching;
use crate::space::object::{Role, Space};
use crate::space::shootdown;
use crate::space::tables::PhysTables;
use crate::space::tree::{self, Tree, flags};

/// Maps the page of `from` that the item names into the window of `to`, as [`super::item`] does. False, with nothing changed
/// that anybody sees, unless it is one page of 4 KiB that `from` was given, nothing is at its place in `to` nor may be seen there by
/// another CPU, all pages are cached as usual, the page's table is there and shows nothing of the kernel's, there is memory for
/// the page's node, and nobody holds a lock.
#[inline(always)]
pub(crate) fn page(from: &Space, to: &Space, send_base: u64, send: Fpage, window: Fpage) -> bool {
    let Some(placement) = place_page(send_base, send, window) else {
        return false;
    };
    if !caching::is_usual() {
        return false;
    }
    let Some(mut tree) = tree::try_lock() else {
        return false;
    };
    let (source, target) = (placement.source, placement.target);
    let Some((giver, frame)) = giver(&tree, from, source) else {
        return false;
    };
    let Some((group, table)) = place_for(&mut tree, to, target) else {
        return false;
    };
    let at = End::in_table(&PhysTables, table, target);
    // What is taken away is under way before the tree is let go, so it is seen from here.
    if !at.is_absent_page() || shootdown::any() {
        return false;
    }
    let spot = Spot {
        space: to.name(),
        address: target,
        log2: Fpage::MIN_LOG2,
    };
    let rights = readable(placement.rights.and(tree.node(giver).rights()));
    // The tree's lock is enough: nobody else fills an absent entry that is not the kernel's.
    let phys = u64::from(frame) << Fpage::MIN_LOG2;
    let flags = flags(rights);
    add_in_group(&mut *tree, group, giver, frame, spot, rights).is_ok()
        && fill(&mut PhysTables, &at, target, phys, Fpage::MIN_LOG2, flags).is_ok()
}

/// The page of `from` at `address`, and where `address` is in memory: physical address / 4096.
#[inline(always)]
fn giver(tree: &Tree, from: &Space, address: u64) -> Option<(Handle, u32)> {
    match from.latest().filter(|group| spans(tree, *group, address)) {
        Some(group) => {
            let page = in_group(tree, group, address)?;
            Some((page, tree.node(page).frame()))
        }
        None => searched(tree, from, address),
    }
}

/// The same where none was added last. The owner of all memory gives in another way.
#[cold]
#[inline(never)]
fn searched(tree: &Tree, from: &Space, address: u64) -> Option<(Handle, u32)> {
    if from.role() == Role::Sigma0 {
        return None;
    }
    let page = first_within(tree, from.name(), address, address)?;
    let node = tree.node(page);
    let inside = (address - node.address()) >> Fpage::MIN_LOG2;
    Some((page, node.frame() + inside as u32))
}

/// Group and table of the page at `address` of `to`.
#[inline(always)]
fn place_for(tree: &mut Tree, to: &Space, address: u64) -> Option<(Handle, u64)> {
    match to.latest().filter(|group| spans(tree, *group, address)) {
        Some(group) if tree.table(group) != 0 => Some((group, tree.table(group))),
        _ => new_place_for(tree, to, address),
    }
}

/// The same where no page was added last, or not in this way.
#[cold]
#[inline(never)]
fn new_place_for(tree: &mut Tree, to: &Space, address: u64) -> Option<(Handle, u64)> {
    if to.role() == Role::Sigma0 {
        return None;
    }
    let table = to.areas.try_lock()?.table(to.root(), address)?;
    let group = group_at(tree, to.name(), address).ok()?;
    tree.note_table(group, table);
    Some((group, table))
}
