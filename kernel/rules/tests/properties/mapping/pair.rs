//! The tree and the set, to which the same is done.

use pecan_abi::fpage::Rights;
use pecan_rules::mapping::{
    Handle, NoMemory, Scope, SpaceName, Spot, Sweep, add, add_in_group, adopt, covering,
    drop_if_empty, extend, group_at, in_group, prepare, region, relocate, spans,
};

use super::memory::{Memory, Shown};
use super::model::{Model, OWNER, Page, Place};

/// Both, kept in step.
pub(super) struct Pair {
    pub(super) memory: Memory,
    pub(super) model: Model,
}

impl Pair {
    /// Nothing is mapped, and there is room for so many nodes.
    pub(super) fn new(room: usize) -> Self {
        Self {
            memory: Memory::new(room),
            model: Model::default(),
        }
    }

    fn page_at(&self, place: Place) -> Option<(Place, Page)> {
        let below = self.model.pages.range((place.0, 0)..=place);
        let (start, page) = below.last()?;
        (place.1 < start.1 + page.size()).then_some((*start, *page))
    }

    pub(super) fn handle(&self, place: Place) -> Handle {
        covering(&self.memory, place.0, place.1).expect("the tree has the page")
    }

    fn put(&mut self, parent: Option<Place>, giver: Handle, place: Place, page: Page) {
        let spot = Spot {
            space: place.0,
            address: place.1,
            log2: page.log2,
        };
        if self.add(giver, (page.phys >> 12) as u32, spot, page.rights) == Err(NoMemory) {
            drop_if_empty(&mut self.memory, giver);
            return;
        }
        let Page {
            log2, rights, seen, ..
        } = page;
        self.memory
            .shown
            .insert(place, Shown { log2, rights, seen });
        self.model.pages.insert(place, Page { parent, ..page });
    }

    /// Every other small page by its group.
    fn add(
        &mut self,
        giver: Handle,
        frame: u32,
        spot: Spot,
        rights: Rights,
    ) -> Result<Handle, NoMemory> {
        let memory = &mut self.memory;
        if spot.log2 > 12 || spot.address >> 12 & 1 == 0 {
            return add(memory, giver, frame, spot, rights);
        }
        let group = group_at(memory, spot.space, spot.address)?;
        assert!(spans(memory, group, spot.address));
        let node = add_in_group(memory, group, giver, frame, spot, rights)?;
        assert_eq!(in_group(memory, group, spot.address), Some(node));
        Ok(node)
    }

    pub(super) fn give(&mut self, phys: u64, to: Place, log2: u32, rights: u8) {
        let (phys, to) = aligned(log2, phys, to);
        if !self.model.is_free(to.0, to.1, log2) {
            return;
        }
        if let Ok(giver) = region(&mut self.memory, OWNER, phys) {
            let page = fresh(phys, log2, Rights::from_bits(rights));
            self.put(None, giver, to, page);
        }
    }

    pub(super) fn map(&mut self, from: Place, to: Place, log2: u32, rights: u8) {
        let Some((source, page)) = self.page_at(from) else {
            return;
        };
        let log2 = log2.min(page.log2);
        let (start, to) = aligned(log2, from.1, to);
        if !self.model.is_free(to.0, to.1, log2) {
            return;
        }
        let offset = start - source.1;
        let rights = Rights::from_bits(rights).and(page.rights);
        let giver = self.handle(source);
        self.put(
            Some(source),
            giver,
            to,
            fresh(page.phys + offset, log2, rights),
        );
    }

    pub(super) fn touch(&mut self, place: Place, write: bool) {
        let Some((start, page)) = self.page_at(place) else {
            return;
        };
        let write = write && page.rights.contains(Rights::WRITE);
        let seen = if write {
            Rights::FULL
        } else {
            Rights::READ_EXECUTE
        };
        let shown = self
            .memory
            .shown
            .get_mut(&start)
            .expect("the page is there");
        shown.seen = shown.seen.or(seen);
        let own = self.model.pages.get_mut(&start).expect("the page is there");
        own.seen = own.seen.or(seen);
    }

    pub(super) fn shift(&mut self, from: Place, to: Place) {
        let Some((start, page)) = self.page_at(from) else {
            return;
        };
        let log2 = page.log2;
        let (_, to) = aligned(log2, 0, to);
        if !self.model.is_free(to.0, to.1, log2) {
            return;
        }
        let spot = Spot {
            space: to.0,
            address: to.1,
            log2,
        };
        let Ok(place) = prepare(&mut self.memory, spot) else {
            return;
        };
        let handle = self.handle(start);
        let mut shown = self.memory.shown.remove(&start).expect("the page is there");
        let seen = core::mem::take(&mut shown.seen);
        self.memory.shown.insert(to, shown);
        self.memory.version += 1;
        relocate(&mut self.memory, handle, place, seen);
        let mut moved = self.model.pages.remove(&start).expect("the page is there");
        (moved.told, moved.seen) = (moved.told.or(seen), Rights::NONE);
        self.model.pages.insert(to, moved);
        for page in self.model.pages.values_mut() {
            if page.parent == Some(start) {
                page.parent = Some(to);
            }
        }
    }

    pub(super) fn take_over(&mut self, place: Place, parent: Place) {
        let (Some((start, page)), Some((giver, from))) =
            (self.page_at(place), self.page_at(parent))
        else {
            return;
        };
        let inside = from.phys <= page.phys && page.phys + page.size() <= from.phys + from.size();
        let allowed = inside && from.rights.contains(page.rights) && start != giver;
        if !allowed || self.model.derives(giver, start) {
            return;
        }
        let (node, to) = (self.handle(start), self.handle(giver));
        self.memory.version += 1;
        adopt(&mut self.memory, node, to);
        extend(&mut self.memory, node, from.rights);
        self.memory.shown.get_mut(&start).expect("there").rights = from.rights;
        let own = self.model.pages.get_mut(&start).expect("there");
        (own.parent, own.rights) = (Some(giver), from.rights);
    }

    pub(super) fn sweep(&mut self, scope: (u32, u64, u32, u8, bool), piece: usize, disturb: bool) {
        let (space, address, log2, revoke, flush) = scope;
        let first = address & !((1u64 << log2) - 1);
        let scope = Scope {
            space: SpaceName(space),
            first,
            last: first + ((1u64 << log2) - 1),
            revoke: Rights::from_bits(revoke),
            flush,
        };
        let mut sweep = Sweep::new(scope, piece);
        while !sweep.is_done() {
            let version = self.memory.version;
            sweep.go_on(&mut self.memory, version);
            sweep.pause(self.memory.version);
            self.check_links();
            self.memory.version += u64::from(disturb);
        }
        assert_eq!(sweep.status(), self.model.sweep(scope), "accesses");
    }
}

fn aligned(log2: u32, source: u64, to: Place) -> (u64, Place) {
    let round = |address: u64| address >> log2 << log2;
    (round(source), (to.0, round(to.1)))
}

fn fresh(phys: u64, log2: u32, rights: Rights) -> Page {
    let none = Rights::NONE;
    Page {
        parent: None,
        phys,
        log2,
        rights,
        seen: none,
        told: none,
        left: none,
    }
}
