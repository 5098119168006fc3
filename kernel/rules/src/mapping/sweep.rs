//! Unmap and flush of a range (L4 X.2, Unmap), in pieces.
//!
//! Children go before their parents, so the tree is sound after each node. Between two pieces the tree may change: a
//! sweep that finds it changed begins again with the page of the range at which it was, and takes twice as much at once
//! as before, so that it comes to its end however much others change.

use pecan_abi::fpage::Rights;

use super::index::{child_within, first_child, next_sibling};
use super::{Handle, SpaceName, Store, first_within, tree};

/// What a sweep takes from whom.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Scope {
    /// The space whose mappings these are.
    pub space: SpaceName,
    /// First address.
    pub first: u64,
    /// Last address.
    pub last: u64,
    /// What is taken: all three rights remove the pages, none only asks for accesses.
    pub revoke: Rights,
    /// The space's own pages too, and then all of each page that has an address in the range.
    pub flush: bool,
}

/// A sweep at work.
#[derive(Clone, Copy, Debug)]
pub struct Sweep {
    scope: Scope,
    /// First address that is still to be looked at.
    next: u64,
    /// The page of the space at work.
    top: Option<Handle>,
    /// The node at work, at or below `top`.
    at: Option<Handle>,
    /// What derives from that node comes before it.
    down: bool,
    /// Accesses seen below `top`.
    here: Rights,
    status: Rights,
    /// What the tree was when the last piece ended.
    version: u64,
    patience: usize,
    done: bool,
}

impl Sweep {
    /// A sweep that takes at least `piece` steps at once, if there are so many; at least 1. A step goes to a node or takes
    /// from it.
    pub const fn new(scope: Scope, piece: usize) -> Self {
        Self {
            scope,
            next: scope.first,
            top: None,
            at: None,
            down: false,
            here: Rights::NONE,
            status: Rights::NONE,
            version: 0,
            patience: if piece == 0 { 1 } else { piece },
            done: false,
        }
    }

    /// Accesses to the affected pages since they were last asked for.
    pub const fn status(&self) -> Rights {
        self.status
    }

    /// Whether nothing is left to do.
    pub const fn is_done(&self) -> bool {
        self.done
    }

    /// Tells the sweep what to compare with when it goes on: any number that every change of the tree changes.
    pub const fn pause(&mut self, version: u64) {
        self.version = version;
    }

    /// Goes on, with the tree at `version`; afterwards the caller pauses it unless [`Self::is_done`].
    ///
    /// The time is that of the piece's steps, each of which looks a few nodes up.
    pub fn go_on<S: Store>(&mut self, store: &mut S, version: u64) {
        if self.top.is_some() && version != self.version {
            (self.top, self.at) = (None, None);
            self.patience = self.patience.saturating_mul(2);
        }
        for _ in 0..self.patience {
            self.step(store);
            if self.done {
                return;
            }
        }
    }

    fn step<S: Store>(&mut self, store: &mut S) {
        let Some(node) = self.at else {
            return self.open(store);
        };
        match first_child(store, node).filter(|_| self.down) {
            Some(child) => self.at = Some(child),
            None => self.visit(store, node),
        }
    }

    /// Begins with the next page of the range.
    fn open<S: Store>(&mut self, store: &mut S) {
        let Scope { space, last, .. } = self.scope;
        let found = first_within(store, space, self.next, last);
        let Some(top) = found.filter(|_| self.next <= last) else {
            self.done = true;
            return;
        };
        (self.top, self.down) = (found, true);
        self.at = if self.takes_own(store, top) {
            found
        } else {
            self.in_range(store, top, None)
        };
        if self.at.is_none() {
            self.close(store, top);
        }
    }

    /// Regions are nobody's page: only what derives from them can be taken.
    fn takes_own<S: Store>(&self, store: &S, top: Handle) -> bool {
        self.scope.flush && store.node(top).parent.is_some()
    }

    /// The first child of `top`, after `before`, that has memory in the range.
    fn in_range<S: Store>(&self, store: &S, top: Handle, before: Option<Handle>) -> Option<Handle> {
        child_within(store, top, before, self.scope.first, self.scope.last)
    }

    /// Takes from one node, whose children were taken from before, and finds the next.
    fn visit<S: Store>(&mut self, store: &mut S, handle: Handle) {
        let is_top = self.top == Some(handle);
        let parent = store.node(handle).parent;
        let partly = parent.filter(|top| self.top == parent && !self.takes_own(store, *top));
        let (next, up) = match partly {
            _ if is_top => (None, None),
            Some(top) => (self.in_range(store, top, Some(handle)), None),
            None => (next_sibling(store, handle), parent),
        };
        // Regions are told nothing: they may be gone with their last page.
        let told = parent.filter(|parent| is_top && store.node(*parent).parent.is_some());
        if is_top {
            self.next = store.node(handle).last() + 1;
        }
        self.take(store, handle);
        (self.at, self.down) = (next.or(up), next.is_some());
        if is_top {
            if let Some(parent) = told {
                let parent = store.node_mut(parent);
                parent.left = parent.left.or(self.here);
            }
            self.finish_page();
        } else if let (None, Some(top)) = (self.at, self.top) {
            self.close(store, top);
        }
    }

    /// All that derives from a page that stays has been visited.
    fn close<S: Store>(&mut self, store: &mut S, top: Handle) {
        let Scope { first, last, .. } = self.scope;
        let node = store.node_mut(top);
        self.next = node.last() + 1;
        if node.parent.is_none() {
            tree::drop_if_empty(store, top);
        } else {
            self.here = self.here.or(node.left);
            if first <= node.address && node.last() <= last {
                node.left = Rights::NONE;
            }
            node.told = node.told.or(self.here);
        }
        self.finish_page();
    }

    fn finish_page(&mut self) {
        self.status = self.status.or(self.here);
        self.here = Rights::NONE;
        (self.top, self.at) = (None, None);
    }

    /// Takes what the scope says from the page of one node.
    fn take<S: Store>(&mut self, store: &mut S, handle: Handle) {
        let node = store.node_mut(handle);
        let before = node.told.or(node.left);
        (node.told, node.left) = (Rights::NONE, Rights::NONE);
        let (space, address) = (node.space, node.address);
        let seen = if self.scope.revoke == Rights::FULL {
            let seen = store.erase(space, address);
            tree::remove(store, handle, self.top);
            seen
        } else {
            node.rights = without(node.rights, self.scope.revoke);
            let rest = node.rights;
            store.narrow(space, address, rest)
        };
        self.here = self.here.or(before).or(seen);
    }
}

/// `rights` without `less`. What may be done with a page at all, reading, stays.
const fn without(rights: Rights, less: Rights) -> Rights {
    let kept = !less.bits() | Rights::READ.bits();
    Rights::from_bits(rights.bits() & kept)
}
