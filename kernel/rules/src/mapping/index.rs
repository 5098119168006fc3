//! Looking for the children of a page by place. Expected logarithmic time.

use super::pages::SMALLEST_LOG2;
use super::search::{Children, Tree, first_from};
use super::{Handle, Store};

/// The first of the pages that were mapped from `parent`, in an order of their own.
pub fn first_child<S: Store>(store: &S, parent: Handle) -> Option<Handle> {
    first_from(store, Children(parent), 0)
}

/// The page that comes after `node` among those that were mapped from the same parent.
pub fn next_sibling<S: Store>(store: &S, node: Handle) -> Option<Handle> {
    let parent = store.node(node).parent?;
    first_from(store, Children(parent), after(store, node))
}

/// The first of the pages mapped from `parent` that has an address of the parent's in `first..=last`, after the sibling
/// `before` if there is one.
pub(super) fn child_within<S: Store>(
    store: &S,
    parent: Handle,
    before: Option<Handle>,
    first: u64,
    last: u64,
) -> Option<Handle> {
    let page = store.node(parent);
    if page.children.is_none() || last < page.address || first > page.last() {
        return None;
    }
    let base = page.frame;
    let frame = |offset: u64| base + (offset >> 12) as u32;
    let from = frame(first.saturating_sub(page.address));
    let to = frame(last.min(page.last()) - page.address);
    let start = before.map_or(0, |before| after(store, before));
    let mut log2 = SMALLEST_LOG2;
    loop {
        // Pages are aligned, so one that reaches into the range begins here or later.
        let least = Children::first_key(log2, from & u32::MAX << (log2 - SMALLEST_LOG2));
        let found = first_from(store, Children(parent), least.max(start))?;
        let node = store.node(found);
        if node.log2() == log2 && node.frame <= to {
            return Some(found);
        }
        // On with the next size of which there are some.
        log2 = node.log2().max(log2 + 1);
    }
}

/// The first of the pages mapped from `parent`, after the sibling `before` if there is one, that has the parent's
/// `address`.
pub fn child_at<S: Store>(
    store: &S,
    parent: Handle,
    before: Option<Handle>,
    address: u64,
) -> Option<Handle> {
    child_within(store, parent, before, address, address)
}

/// A page mapped from `parent` that is as large.
pub fn child_as_large<S: Store>(store: &S, parent: Handle) -> Option<Handle> {
    let node = store.node(parent);
    first_from(
        store,
        Children(parent),
        Children::first_key(node.log2(), node.frame),
    )
}

/// The lowest key above that of a child.
fn after<S: Store>(store: &S, child: Handle) -> u64 {
    Children::key(store.node(child), child) + 1
}
