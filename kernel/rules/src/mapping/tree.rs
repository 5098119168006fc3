//! Single nodes: made, given another parent, moved to another space, removed.

use pecan_abi::fpage::Rights;

use super::{Handle, Node, SpaceName, Store, index};

/// There is no memory for a node. Nothing has changed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NoMemory;

/// log2 of the size of the owner's regions.
pub const REGION_LOG2: u32 = 21;

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
    if let Some(found) = index::covering(store, owner, address) {
        return Ok(found);
    }
    let base = address & u64::MAX << REGION_LOG2;
    let node = Node::new(owner, base, REGION_LOG2, Rights::FULL);
    let handle = store.allocate(node).ok_or(NoMemory)?;
    index::insert(store, handle);
    Ok(handle)
}

/// Records that the page at `spot` was mapped with `rights` from `offset` bytes into the page of `parent`.
///
/// Nothing of the space's is at the spot, it lies inside of the parent's page, and the parent has the rights.
/// On an error `parent` may be a region without children: [`drop_if_empty`].
pub fn add<S: Store>(
    store: &mut S,
    parent: Handle,
    offset: u32,
    spot: Spot,
    rights: Rights,
) -> Result<Handle, NoMemory> {
    let mut node = Node::new(spot.space, spot.address, spot.log2, rights);
    node.offset = offset;
    let handle = store.allocate(node).ok_or(NoMemory)?;
    index::insert(store, handle);
    link(store, handle, parent);
    Ok(handle)
}

/// The page has `rights` besides those it had. The parent has them all.
pub fn extend<S: Store>(store: &mut S, node: Handle, rights: Rights) {
    let node = store.node_mut(node);
    node.rights = node.rights.or(rights);
}

/// The page counts as mapped from another parent, where the same memory begins `offset` bytes into the page. The
/// parent does not derive from the page, and has all its rights.
pub fn adopt<S: Store>(store: &mut S, node: Handle, parent: Handle, offset: u32) {
    let old = store.node(node).parent;
    unlink(store, node);
    store.node_mut(node).offset = offset;
    link(store, node, parent);
    if let Some(old) = old {
        drop_if_empty(store, old);
    }
}

/// The page is at another place of the same size now, perhaps in another space; what derives from it still does.
/// `seen` are accesses at the old place. Nothing of the space's is at the new place.
pub fn relocate<S: Store>(store: &mut S, node: Handle, to: Spot, seen: Rights) {
    index::remove(store, node);
    let moved = store.node_mut(node);
    moved.space = to.space;
    moved.address = to.address;
    moved.told = moved.told.or(seen);
    index::insert(store, node);
}

/// Makes two pages of one: the lower half stays the node's, the upper half gets a node of its own, which is the result.
/// No child is as large as the page, and the page is no region and not of the smallest size.
pub fn halve<S: Store>(store: &mut S, node: Handle) -> Result<Handle, NoMemory> {
    let Node {
        log2,
        offset,
        parent,
        ..
    } = *store.node(node);
    let half = 1u32 << (log2 - 1);
    let upper = Node {
        address: store.node(node).address + u64::from(half),
        offset: offset + half,
        log2: log2 - 1,
        child: None,
        lower: None,
        higher: None,
        ..*store.node(node)
    };
    let upper = store.allocate(upper).ok_or(NoMemory)?;
    store.node_mut(node).log2 -= 1;
    index::insert(store, upper);
    if let Some(parent) = parent {
        link(store, upper, parent);
    }
    let mut next = store.node(node).child;
    while let Some(child) = next {
        next = store.node(child).next;
        let within = store.node(child).offset;
        if within >= half {
            unlink(store, child);
            store.node_mut(child).offset = within - half;
            link(store, child, upper);
        }
    }
    Ok(upper)
}

/// Removes a node without children. A region that it leaves without children goes too, unless it is `keep`.
pub fn remove<S: Store>(store: &mut S, node: Handle, keep: Option<Handle>) {
    debug_assert!(
        store.node(node).child.is_none(),
        "a page is still mapped on"
    );
    let parent = store.node(node).parent;
    unlink(store, node);
    index::remove(store, node);
    store.free(node);
    if let Some(parent) = parent.filter(|parent| Some(*parent) != keep) {
        drop_if_empty(store, parent);
    }
}

/// Removes a region without children. Any other node stays.
pub fn drop_if_empty<S: Store>(store: &mut S, node: Handle) {
    let region = store.node(node);
    if region.parent.is_none() && region.child.is_none() {
        index::remove(store, node);
        store.free(node);
    }
}

/// Puts a node before its siblings.
fn link<S: Store>(store: &mut S, node: Handle, parent: Handle) {
    let next = store.node_mut(parent).child.replace(node);
    if let Some(next) = next {
        store.node_mut(next).prev = Some(node);
    }
    let linked = store.node_mut(node);
    (linked.parent, linked.next, linked.prev) = (Some(parent), next, None);
}

fn unlink<S: Store>(store: &mut S, node: Handle) {
    let Node {
        parent, next, prev, ..
    } = *store.node(node);
    if let Some(next) = next {
        store.node_mut(next).prev = prev;
    }
    if let Some(prev) = prev {
        store.node_mut(prev).next = next;
    } else if let Some(parent) = parent {
        store.node_mut(parent).child = next;
    }
    let free = store.node_mut(node);
    (free.parent, free.next, free.prev) = (None, None, None);
}
