//! The pages of a space by address.
//!
//! Pages of the smallest size stand in *groups*: a group is a node of the space's search tree for as much as one page table
//! shows, 2 MiB, with a slot for each page. The group to which a page was added last is remembered and stays even if it is
//! empty; any other goes with its last page. So the next page beside it needs no search, and a search looks in vain at
//! those at its two ends and the remembered one at most. Larger pages, regions, and everything of a store without groups stand
//! in the search tree themselves.

use pecan_abi::fpage::Rights;

use super::search::{self, Pages};
use super::{Handle, NoMemory, Node, SpaceName, Store};

/// log2 of the smallest page.
pub(super) const SMALLEST_LOG2: u32 = 12;
/// log2 of what a group covers.
const GROUP_LOG2: u32 = 21;
/// Slots of a group.
pub const SLOTS: usize = 1 << (GROUP_LOG2 - SMALLEST_LOG2);

/// The slot of the page at `address` in its group.
#[inline(always)]
const fn slot(address: u64) -> usize {
    (address >> SMALLEST_LOG2) as usize % SLOTS
}

/// First address of the group that has the page at `address`.
#[inline(always)]
const fn base(address: u64) -> u64 {
    address & u64::MAX << GROUP_LOG2
}

/// The page of `space` that contains `address`.
#[inline(always)]
pub fn covering<S: Store>(store: &S, space: SpaceName, address: u64) -> Option<Handle> {
    let latest = if S::GROUPS { store.latest(space) } else { None };
    match latest.filter(|group| spans(store, *group, address)) {
        Some(group) => in_group(store, group, address),
        None => first_within(store, space, address, address),
    }
}

/// Whether `address` is one of those that `group` is for.
#[inline(always)]
pub fn spans<S: Store>(store: &S, group: Handle, address: u64) -> bool {
    store.node(group).address == base(address)
}

/// The page of the smallest size at `address`, which `group` spans.
#[inline(always)]
pub fn in_group<S: Store>(store: &S, group: Handle, address: u64) -> Option<Handle> {
    store.slot(group, slot(address))
}

/// The first page of `space` that has an address in `from..=last`, which is not empty.
#[inline(never)]
pub fn first_within<S: Store>(
    store: &S,
    space: SpaceName,
    mut from: u64,
    last: u64,
) -> Option<Handle> {
    loop {
        let found = in_tree(store, space, from, last)?;
        let node = store.node(found);
        if !is_group::<S>(node) {
            return Some(found);
        }
        let first = slot(from.max(node.address));
        let end = slot(last.min(node.last()));
        let page = (first..=end).find_map(|index| store.slot(found, index));
        if page.is_some() || node.last() >= last {
            return page;
        }
        from = node.last() + 1;
    }
}

/// The first of those in the search tree.
fn in_tree<S: Store>(store: &S, space: SpaceName, from: u64, last: u64) -> Option<Handle> {
    let (mut before, mut after) = (None, None);
    let mut next = store.root(space);
    while let Some(handle) = next {
        let node = store.node(handle);
        if node.address == from {
            return next;
        }
        if node.address <= from {
            before = next;
            next = node.pages[1];
        } else {
            after = next;
            next = node.pages[0];
        }
    }
    match before {
        Some(handle) if store.node(handle).last() >= from => before,
        _ => after.filter(|handle| store.node(*handle).address <= last),
    }
}

/// Whether the node is no page. Whoever has a page may do something with it.
#[inline(always)]
fn is_group<S: Store>(node: &Node) -> bool {
    S::GROUPS && node.is_group()
}

/// Whether a page of this size stands in a group.
#[inline(always)]
fn is_grouped<S: Store>(log2: u32) -> bool {
    S::GROUPS && log2 == SMALLEST_LOG2
}

/// Makes sure that a page of this size can be added at `address` of `space`. Returns its group, if it stands in one.
#[inline(always)]
pub(super) fn prepare<S: Store>(
    store: &mut S,
    space: SpaceName,
    address: u64,
    log2: u32,
) -> Result<Option<Handle>, NoMemory> {
    if !is_grouped::<S>(log2) {
        if S::GROUPS {
            forget(store, space);
        }
        return Ok(None);
    }
    let latest = store.latest(space);
    match latest.filter(|group| spans(store, *group, address)) {
        Some(group) => Ok(Some(group)),
        None => group_at(store, space, address).map(Some),
    }
}

/// The group that spans `address`, made if it is not there, which is remembered from now on. No larger page of the space
/// is there.
#[inline(never)]
pub fn group_at<S: Store>(
    store: &mut S,
    space: SpaceName,
    address: u64,
) -> Result<Handle, NoMemory> {
    let base = base(address);
    let group = match in_tree(store, space, base, base) {
        Some(group) => group,
        None => {
            let node = Node::new(space, base, GROUP_LOG2, 0, Rights::NONE);
            let group = store.allocate_group(node).ok_or(NoMemory)?;
            search::insert(store, Pages(space), group);
            group
        }
    };
    if store.latest(space) != Some(group) {
        forget(store, space);
        store.set_latest(space, Some(group));
    }
    Ok(group)
}

/// Adds a node at `address`, for which [`prepare`] gave `group`.
#[inline(always)]
pub(super) fn add<S: Store>(
    store: &mut S,
    space: SpaceName,
    address: u64,
    group: Option<Handle>,
    node: Handle,
) {
    match group {
        Some(group) => store.set_slot(group, slot(address), Some(node)),
        None => search::insert(store, Pages(space), node),
    }
}

/// Takes a node out.
pub(super) fn remove<S: Store>(store: &mut S, space: SpaceName, node: Handle) {
    let (address, log2) = (store.node(node).address, store.node(node).log2());
    if !is_grouped::<S>(log2) {
        return search::remove(store, Pages(space), node);
    }
    let latest = store.latest(space);
    match latest.filter(|group| spans(store, *group, address)) {
        Some(group) => store.set_slot(group, slot(address), None),
        None => {
            if let Some(group) = in_tree(store, space, address, address) {
                store.set_slot(group, slot(address), None);
                release_if_empty(store, space, group);
            }
        }
    }
}

/// Remembers no group of `space` any more.
#[inline]
pub fn forget<S: Store>(store: &mut S, space: SpaceName) {
    if let Some(group) = store.latest(space) {
        store.set_latest(space, None);
        release_if_empty(store, space, group);
    }
}

fn release_if_empty<S: Store>(store: &mut S, space: SpaceName, group: Handle) {
    if store.is_empty(group) {
        search::remove(store, Pages(space), group);
        store.free_group(group);
    }
}
