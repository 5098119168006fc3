//! The pages of a space by address: a search tree whose shape is that of random insertion (a treap), so that no order
//! of mapping makes it deep. A node's weight is a hash of its handle, which users do not choose.

use super::{Handle, SpaceName, Store};

/// Where a link to a node is kept.
#[derive(Clone, Copy)]
enum Link {
    Root(SpaceName),
    Lower(Handle),
    Higher(Handle),
}

fn get<S: Store>(store: &S, link: Link) -> Option<Handle> {
    match link {
        Link::Root(space) => store.root(space),
        Link::Lower(node) => store.node(node).lower,
        Link::Higher(node) => store.node(node).higher,
    }
}

fn set<S: Store>(store: &mut S, link: Link, to: Option<Handle>) {
    match link {
        Link::Root(space) => store.set_root(space, to),
        Link::Lower(node) => store.node_mut(node).lower = to,
        Link::Higher(node) => store.node_mut(node).higher = to,
    }
}

const fn weight(handle: Handle) -> u32 {
    let mixed = handle.get().wrapping_mul(0x9E37_79B1);
    (mixed ^ mixed >> 15).wrapping_mul(0x85EB_CA77)
}

/// The page of `space` that contains `address`.
#[inline]
pub fn covering<S: Store>(store: &S, space: SpaceName, address: u64) -> Option<Handle> {
    first_within(store, space, address, address)
}

/// The first page of `space` that has an address in `from..=last`.
pub fn first_within<S: Store>(store: &S, space: SpaceName, from: u64, last: u64) -> Option<Handle> {
    let mut next = store.root(space);
    let mut found = None;
    while let Some(handle) = next {
        let node = store.node(handle);
        if node.last() < from {
            next = node.higher;
        } else {
            if node.address <= last {
                found = Some(handle);
            }
            next = node.lower;
        }
    }
    found
}

/// Adds a node to its space's pages. No page there overlaps it.
pub(super) fn insert<S: Store>(store: &mut S, new: Handle) {
    let (space, address) = (store.node(new).space, store.node(new).address);
    let mut link = Link::Root(space);
    while let Some(handle) = get(store, link) {
        if weight(handle) < weight(new) {
            break;
        }
        link = if store.node(handle).address < address {
            Link::Higher(handle)
        } else {
            Link::Lower(handle)
        };
    }
    let below = get(store, link);
    set(store, link, Some(new));
    split(store, below, address, Link::Lower(new), Link::Higher(new));
}

/// Hangs what is below `address` of a tree at `lower` and the rest at `higher`.
fn split<S: Store>(
    store: &mut S,
    mut tree: Option<Handle>,
    address: u64,
    mut lower: Link,
    mut higher: Link,
) {
    while let Some(handle) = tree {
        if store.node(handle).address < address {
            set(store, lower, Some(handle));
            lower = Link::Higher(handle);
            tree = store.node(handle).higher;
        } else {
            set(store, higher, Some(handle));
            higher = Link::Lower(handle);
            tree = store.node(handle).lower;
        }
    }
    set(store, lower, None);
    set(store, higher, None);
}

/// Takes a node out of its space's pages.
pub(super) fn remove<S: Store>(store: &mut S, old: Handle) {
    let (space, address) = (store.node(old).space, store.node(old).address);
    let mut link = Link::Root(space);
    while let Some(handle) = get(store, link).filter(|handle| *handle != old) {
        link = if store.node(handle).address < address {
            Link::Higher(handle)
        } else {
            Link::Lower(handle)
        };
    }
    let (lower, higher) = (store.node(old).lower, store.node(old).higher);
    join(store, lower, higher, link);
    let node = store.node_mut(old);
    (node.lower, node.higher) = (None, None);
}

/// Hangs two trees, all of the first below all of the second, at `link` as one.
fn join<S: Store>(
    store: &mut S,
    mut lower: Option<Handle>,
    mut higher: Option<Handle>,
    mut link: Link,
) {
    loop {
        match (lower, higher) {
            (Some(low), Some(high)) if weight(low) >= weight(high) => {
                set(store, link, Some(low));
                link = Link::Higher(low);
                lower = store.node(low).higher;
            }
            (Some(_), Some(high)) => {
                set(store, link, Some(high));
                link = Link::Lower(high);
                higher = store.node(high).lower;
            }
            (rest, None) | (None, rest) => return set(store, link, rest),
        }
    }
}
