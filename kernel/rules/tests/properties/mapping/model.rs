//! The naive model: for each page of each space, what it was mapped from. Everything is found by looking at all.

use std::collections::BTreeMap;

use pecan_abi::fpage::Rights;
use pecan_rules::mapping::{Scope, SpaceName};

/// A place: a space and the first address of a page.
pub(super) type Place = (SpaceName, u64);

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Page {
    /// The page that it was mapped from; `None` for physical memory.
    pub(super) parent: Option<Place>,
    pub(super) phys: u64,
    pub(super) log2: u32,
    pub(super) rights: Rights,
    pub(super) seen: Rights,
    pub(super) told: Rights,
    pub(super) left: Rights,
}

impl Page {
    pub(super) fn size(&self) -> u64 {
        1 << self.log2
    }
}

#[derive(Clone, Default)]
pub(super) struct Model {
    pub(super) pages: BTreeMap<Place, Page>,
}

/// The space that owns all memory.
pub(super) const OWNER: SpaceName = SpaceName(0);

impl Model {
    pub(super) fn is_free(&self, space: SpaceName, address: u64, log2: u32) -> bool {
        let end = address + (1 << log2);
        self.pages.iter().all(|((other, start), page)| {
            *other != space || end <= *start || start + page.size() <= address
        })
    }

    pub(super) fn derives(&self, place: Place, from: Place) -> bool {
        let parent = self.pages[&place].parent;
        parent.is_some_and(|parent| parent == from || self.derives(parent, from))
    }

    /// Carries a sweep out; returns the accesses.
    pub(super) fn sweep(&mut self, scope: Scope) -> Rights {
        let Scope {
            space, first, last, ..
        } = scope;
        if space == OWNER {
            let top = |page: &Page| {
                page.parent.is_none() && page.phys <= last && page.phys + page.size() > first
            };
            let tops: Vec<Place> = self.places(|_, page| top(page));
            return self.take(&self.below(&tops), scope.revoke);
        }
        let mut status = Rights::NONE;
        let mut next = first;
        while let Some(top) = self.next_top(space, next, last) {
            let page = self.pages[&top];
            next = top.1 + page.size();
            status = status.or(self.sweep_page(top, page, scope));
        }
        status
    }

    fn next_top(&self, space: SpaceName, from: u64, last: u64) -> Option<Place> {
        let inside = |place: &Place, page: &Page| {
            place.0 == space && place.1 <= last && place.1 + page.size() > from
        };
        self.places(inside).first().copied()
    }

    fn sweep_page(&mut self, top: Place, page: Page, scope: Scope) -> Rights {
        if scope.flush {
            let here = self.take(&self.below(&[top]), scope.revoke);
            if let Some(parent) = page.parent.and_then(|parent| self.pages.get_mut(&parent)) {
                parent.left = parent.left.or(here);
            }
            return here;
        }
        let inside = |child: &Page| {
            let start = top.1 + (child.phys - page.phys);
            start <= scope.last && start + child.size() > scope.first
        };
        let tops = self.places(|_, child| child.parent == Some(top) && inside(child));
        let here = self.take(&self.below(&tops), scope.revoke).or(page.left);
        let own = self.pages.get_mut(&top).expect("it stays");
        if scope.first <= top.1 && top.1 + page.size() - 1 <= scope.last {
            own.left = Rights::NONE;
        }
        own.told = own.told.or(here);
        here
    }

    fn places(&self, wanted: impl Fn(&Place, &Page) -> bool) -> Vec<Place> {
        let pages = self.pages.iter();
        let found = pages.filter(|(place, page)| wanted(place, page));
        found.map(|(place, _)| *place).collect()
    }

    /// The pages and all that derives from them.
    fn below(&self, tops: &[Place]) -> Vec<Place> {
        self.places(|place, _| {
            tops.iter()
                .any(|top| place == top || self.derives(*place, *top))
        })
    }

    fn take(&mut self, places: &[Place], revoke: Rights) -> Rights {
        let mut here = Rights::NONE;
        for place in places {
            let page = self.pages.get_mut(place).expect("it was found");
            here = here.or(page.seen).or(page.told).or(page.left);
            (page.seen, page.told, page.left) = (Rights::NONE, Rights::NONE, Rights::NONE);
            let kept = !revoke.bits() | Rights::READ.bits();
            page.rights = Rights::from_bits(page.rights.bits() & kept);
            if revoke == Rights::FULL {
                self.pages.remove(place);
            }
        }
        here
    }
}
