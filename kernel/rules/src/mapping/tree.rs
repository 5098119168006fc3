//! Single nodes: made, given another parent, moved to another space, removed.

use pecan_abi::fpage::Rights;

use super::search::{self, Children};
use super::{Handle, Node, SpaceName, Store, index, pages};

/// There is no memory for a node. Nothing has changed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NoMemory;

/// log2 of the size of the owner's regions: that of the largest pages.
pub const REGION_LOG2: u32 = 30;

/// Where a page is: a place in a space.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Spot {
    /// The space.
    pub space: SpaceName,
    /// First address, a multiple of the size.
    pub address: u64,
    /// log2 of the size in bytes.
    pub log2: u32,
}

/// The region of the owner of all memory around `address`, made if it is not there.
pub fn region<S: Store>(store: &mut S, owner: SpaceName, address: u64) -> Result<Handle, NoMemory> {
    if let Some(found) = pages::covering(store, owner, address) {
        return Ok(found);
    }
    let base = address & u64::MAX << REGION_LOG2;
    let frame = (base >> 12) as u32;
    make(
        store,
        Node::new(owner, base, REGION_LOG2, frame, Rights::FULL),
    )
}

/// A node among the pages of its space.
#[inline(always)]
fn make<S: Store>(store: &mut S, node: Node) -> Result<Handle, NoMemory> {
    let group = pages::prepare(store, node.space, node.address, node.log2())?;
    make_in(store, group, node)
}

/// The same where [`pages::prepare`] gave `group`.
#[inline(always)]
fn make_in<S: Store>(store: &mut S, group: Option<Handle>, node: Node) -> Result<Handle, NoMemory> {
    let handle = store.allocate(node).ok_or(NoMemory)?;
    pages::add(store, node.space, node.address, group, handle);
    Ok(handle)
}

/// Records that the page at `spot` was mapped with `rights` from the page of `parent`, which has the memory
/// at `frame` (physical address / 4096).
///
/// Nothing of the space's is at the spot, it lies inside of the parent's page, and the parent has the rights.
/// On an error `parent` may be a region without children: [`drop_if_empty`].
#[inline(always)]
pub fn add<S: Store>(
    store: &mut S,
    parent: Handle,
    frame: u32,
    spot: Spot,
    rights: Rights,
) -> Result<Handle, NoMemory> {
    let handle = make(store, child(parent, frame, spot, rights))?;
    hang(store, handle, parent);
    Ok(handle)
}

/// As [`add`] for a spot of the smallest size in `group`, which spans it and is the space's.
#[inline(always)]
pub fn add_in_group<S: Store>(
    store: &mut S,
    group: Handle,
    parent: Handle,
    frame: u32,
    spot: Spot,
    rights: Rights,
) -> Result<Handle, NoMemory> {
    let handle = make_in(store, Some(group), child(parent, frame, spot, rights))?;
    hang(store, handle, parent);
    Ok(handle)
}

/// A node that says whose child it is, but is not among its children yet.
#[inline(always)]
fn child(parent: Handle, frame: u32, spot: Spot, rights: Rights) -> Node {
    Node {
        parent: Some(parent),
        ..Node::new(spot.space, spot.address, spot.log2, frame, rights)
    }
}

/// The page has `rights` besides those it had. The parent has them all.
pub fn extend<S: Store>(store: &mut S, node: Handle, rights: Rights) {
    let node = store.node_mut(node);
    node.rights = node.rights.or(rights);
}

/// The page counts as mapped from another parent, which has the same memory. The parent does not derive from the page,
/// and has all its rights.
pub fn adopt<S: Store>(store: &mut S, node: Handle, parent: Handle) {
    let old = store.node(node).parent;
    unlink(store, node);
    link(store, node, parent);
    if let Some(old) = old {
        drop_if_empty(store, old);
    }
}

/// A spot that is ready for a page, until something else changes the pages of its space.
#[derive(Debug)]
pub struct Prepared {
    to: Spot,
    group: Option<Handle>,
}

/// Makes sure that there is memory for [`relocate`] to this spot.
pub fn prepare<S: Store>(store: &mut S, to: Spot) -> Result<Prepared, NoMemory> {
    let group = pages::prepare(store, to.space, to.address, to.log2)?;
    Ok(Prepared { to, group })
}

/// The page is at another place of the same size now, perhaps in another space; what derives from it still does.
/// `seen` are accesses at the old place. Nothing of the space's is at the new place.
pub fn relocate<S: Store>(store: &mut S, node: Handle, place: Prepared, seen: Rights) {
    let Prepared { to, group } = place;
    let from = store.node(node).space;
    pages::remove(store, from, node);
    let moved = store.node_mut(node);
    moved.space = to.space;
    moved.address = to.address;
    moved.told = moved.told.or(seen);
    pages::add(store, to.space, to.address, group, node);
}

/// Makes two pages of one: the lower half stays the node's, the upper half gets a node of its own, which is the result.
/// No child is as large as the page, and the page is no region and not of the smallest size.
///
/// The time is that of the children in the upper half.
pub fn halve<S: Store>(store: &mut S, node: Handle) -> Result<Handle, NoMemory> {
    let old = *store.node(node);
    let half = 1u64 << (old.log2 - 1);
    let upper = make(
        store,
        Node {
            address: old.address + half,
            frame: old.frame + (half >> 12) as u32,
            log2: old.log2 - 1,
            parent: None,
            children: None,
            siblings: [None; 2],
            pages: [None; 2],
            ..old
        },
    )?;
    let (first, last) = (old.address + half, old.last());
    while let Some(child) = index::child_within(store, node, None, first, last) {
        unlink(store, child);
        link(store, child, upper);
    }
    // Its size is part of its place among its siblings.
    unlink(store, node);
    store.node_mut(node).log2 -= 1;
    if let Some(parent) = old.parent {
        link(store, node, parent);
        link(store, upper, parent);
    }
    Ok(upper)
}

/// Removes a node without children. A region that it leaves without children goes too, unless it is `keep`.
pub fn remove<S: Store>(store: &mut S, node: Handle, keep: Option<Handle>) {
    debug_assert!(
        !store.node(node).has_children(),
        "a page is still mapped on"
    );
    let Node { parent, space, .. } = *store.node(node);
    unlink(store, node);
    pages::remove(store, space, node);
    store.free(node);
    if let Some(parent) = parent.filter(|parent| Some(*parent) != keep) {
        drop_if_empty(store, parent);
    }
}

/// Removes a region without children. Any other node stays.
pub fn drop_if_empty<S: Store>(store: &mut S, node: Handle) {
    let region = store.node(node);
    if region.parent.is_none() && !region.has_children() {
        let owner = region.space;
        pages::remove(store, owner, node);
        store.free(node);
    }
}

#[inline]
fn link<S: Store>(store: &mut S, node: Handle, parent: Handle) {
    store.node_mut(node).parent = Some(parent);
    hang(store, node, parent);
}

/// Puts a node among the children of its parent.
#[inline(always)]
fn hang<S: Store>(store: &mut S, node: Handle, parent: Handle) {
    if store.node(parent).has_children() {
        hang_beside(store, node, parent);
    } else {
        store.node_mut(parent).children = Some(node);
    }
}

/// The same where others are.
#[cold]
#[inline(never)]
fn hang_beside<S: Store>(store: &mut S, node: Handle, parent: Handle) {
    search::insert(store, Children(parent), node);
}

fn unlink<S: Store>(store: &mut S, node: Handle) {
    if let Some(parent) = store.node(node).parent {
        search::remove(store, Children(parent), node);
        store.node_mut(node).parent = None;
    }
}
