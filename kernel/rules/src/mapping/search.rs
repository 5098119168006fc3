//! Search trees of nodes whose shape is that of random insertion (treaps), so that no order of mapping makes them deep.
//! A node's weight is a hash of its handle, which users do not choose; nobody keeps it, since most nodes are an only child
//! and in a group, where no one asks for it.

use super::{Handle, Node, SpaceName, Store};

/// Links to the nodes with lower and with higher keys.
pub(super) type Links = [Option<Handle>; 2];

const LOWER: usize = 0;
const HIGHER: usize = 1;

/// One tree of a kind: which nodes it has, and by what they are ordered.
pub(super) trait Tree: Copy {
    fn root<S: Store>(self, store: &S) -> Option<Handle>;
    fn set_root<S: Store>(self, store: &mut S, root: Option<Handle>);
    /// No two nodes of a tree have the same.
    fn key(node: &Node, handle: Handle) -> u64;
    fn links(node: &Node) -> &Links;
    fn links_mut(node: &mut Node) -> &mut Links;
}

/// The pages of a space by address.
#[derive(Clone, Copy)]
pub(super) struct Pages(pub(super) SpaceName);

impl Tree for Pages {
    #[inline]
    fn root<S: Store>(self, store: &S) -> Option<Handle> {
        store.root(self.0)
    }

    #[inline]
    fn set_root<S: Store>(self, store: &mut S, root: Option<Handle>) {
        store.set_root(self.0, root);
    }

    #[inline]
    fn key(node: &Node, _: Handle) -> u64 {
        node.address
    }

    #[inline]
    fn links(node: &Node) -> &Links {
        &node.pages
    }

    #[inline]
    fn links_mut(node: &mut Node) -> &mut Links {
        &mut node.pages
    }
}

/// The children of a node by size, then by place.
#[derive(Clone, Copy)]
pub(super) struct Children(pub(super) Handle);

impl Tree for Children {
    #[inline]
    fn root<S: Store>(self, store: &S) -> Option<Handle> {
        store.node(self.0).children
    }

    #[inline]
    fn set_root<S: Store>(self, store: &mut S, root: Option<Handle>) {
        store.node_mut(self.0).children = root;
    }

    #[inline]
    fn key(node: &Node, handle: Handle) -> u64 {
        Self::first_key(node.log2(), node.frame) | u64::from(handle.get())
    }

    #[inline]
    fn links(node: &Node) -> &Links {
        &node.siblings
    }

    #[inline]
    fn links_mut(node: &mut Node) -> &mut Links {
        &mut node.siblings
    }
}

impl Children {
    /// A key below those of all children of this size that are at `frame` or later. The largest page has 2^18 frames.
    #[inline]
    pub(super) const fn first_key(log2: u32, frame: u32) -> u64 {
        (log2 as u64) << 56 | (frame as u64 & 0x3_FFFF) << 32
    }
}

/// Where a link to a node is kept.
#[derive(Clone, Copy)]
enum Link<T> {
    Root(T),
    Below(Handle, usize),
}

fn get<S: Store, T: Tree>(store: &S, link: Link<T>) -> Option<Handle> {
    match link {
        Link::Root(tree) => tree.root(store),
        Link::Below(node, side) => T::links(store.node(node))[side],
    }
}

fn set<S: Store, T: Tree>(store: &mut S, link: Link<T>, to: Option<Handle>) {
    match link {
        Link::Root(tree) => tree.set_root(store, to),
        Link::Below(node, side) => T::links_mut(store.node_mut(node))[side] = to,
    }
}

fn key<S: Store, T: Tree>(store: &S, handle: Handle) -> u64 {
    T::key(store.node(handle), handle)
}

/// The rank of a node in each of its trees.
const fn weight(handle: Handle) -> u32 {
    let mixed = handle.get().wrapping_mul(0x9E37_79B1);
    (mixed ^ mixed >> 15).wrapping_mul(0x85EB_CA77)
}

/// The first node whose key is `from` or higher.
pub(super) fn first_from<S: Store, T: Tree>(store: &S, tree: T, from: u64) -> Option<Handle> {
    let mut next = tree.root(store);
    let mut found = None;
    while let Some(handle) = next {
        let node = store.node(handle);
        if T::key(node, handle) < from {
            next = T::links(node)[HIGHER];
        } else {
            found = next;
            next = T::links(node)[LOWER];
        }
    }
    found
}

/// Adds a node, which has no links yet.
#[inline]
pub(super) fn insert<S: Store, T: Tree>(store: &mut S, tree: T, new: Handle) {
    let (place, own) = (key::<S, T>(store, new), weight(new));
    let mut link = Link::Root(tree);
    let mut below = tree.root(store);
    while let Some(handle) = below {
        if weight(handle) < own {
            break;
        }
        let side = usize::from(key::<S, T>(store, handle) < place);
        link = Link::Below(handle, side);
        below = T::links(store.node(handle))[side];
    }
    set(store, link, Some(new));
    if below.is_some() {
        split::<S, T>(store, below, place, new);
    }
}

/// Hangs what is below the key `place` of a tree at the lower side of `new`, and the rest at its higher side.
fn split<S: Store, T: Tree>(store: &mut S, mut tree: Option<Handle>, place: u64, new: Handle) {
    let mut ends = [Link::<T>::Below(new, LOWER), Link::<T>::Below(new, HIGHER)];
    while let Some(handle) = tree {
        let (from, to) = if key::<S, T>(store, handle) < place {
            (LOWER, HIGHER)
        } else {
            (HIGHER, LOWER)
        };
        set(store, ends[from], tree);
        ends[from] = Link::Below(handle, to);
        tree = T::links(store.node(handle))[to];
    }
    for end in ends {
        set(store, end, None);
    }
}

/// Takes a node out.
pub(super) fn remove<S: Store, T: Tree>(store: &mut S, tree: T, old: Handle) {
    let place = key::<S, T>(store, old);
    let mut link = Link::Root(tree);
    while let Some(handle) = get(store, link).filter(|handle| *handle != old) {
        link = Link::Below(handle, usize::from(key::<S, T>(store, handle) < place));
    }
    let [lower, higher] = core::mem::take(T::links_mut(store.node_mut(old)));
    join(store, lower, higher, link);
}

/// Hangs two trees, all of the first below all of the second, at `link` as one.
fn join<S: Store, T: Tree>(
    store: &mut S,
    mut lower: Option<Handle>,
    mut higher: Option<Handle>,
    mut link: Link<T>,
) {
    loop {
        match (lower, higher) {
            (Some(low), Some(high)) if weight(low) >= weight(high) => {
                set(store, link, lower);
                link = Link::Below(low, HIGHER);
                lower = T::links(store.node(low))[HIGHER];
            }
            (Some(_), Some(high)) => {
                set(store, link, higher);
                link = Link::Below(high, LOWER);
                higher = T::links(store.node(high))[LOWER];
            }
            (rest, None) | (None, rest) => return set(store, link, rest),
        }
    }
}
