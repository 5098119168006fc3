//! The mapping tree against a set of (space, page) -> parent.

pub(super) mod memory;
mod model;

use pecan_abi::fpage::Rights;
use pecan_rules::mapping::{
    Handle, NoMemory, Node, Scope, SpaceName, Spot, Store, Sweep, add, adopt, covering,
    drop_if_empty, extend, first_child, first_within, forget, next_sibling, prepare, region,
    relocate,
};
use proptest::collection::vec;
use proptest::prelude::*;

use memory::{Memory, Shown};
use model::{Model, OWNER, Page, Place};

const LARGE: u64 = 1 << 21;
const HUGE: u64 = 1 << 30;

const SPACES: u32 = 4;
/// 2-MiB slots of each space, and of the memory, in each of two of 1 GiB.
const SLOTS: u64 = 3;

#[derive(Clone, Copy, Debug)]
enum Op {
    /// Maps memory.
    Give {
        phys: u64,
        to: Place,
        log2: u32,
        rights: u8,
    },
    /// Maps a part of a page on.
    Map {
        from: Place,
        to: Place,
        log2: u32,
        rights: u8,
    },
    /// The processor uses a page.
    Use { place: Place, write: bool },
    /// Gives a page away.
    Move { from: Place, to: Place },
    /// Takes a page as if from another giver.
    Adopt { place: Place, parent: Place },
    Sweep {
        scope: (u32, u64, u32, u8, bool),
        piece: usize,
        disturb: bool,
    },
}

fn place() -> impl Strategy<Value = Place> {
    (1..=SPACES, address()).prop_map(|(space, address)| (SpaceName(space), address))
}

fn address() -> impl Strategy<Value = u64> {
    (0..2u64, 0..SLOTS, 0..3u64)
        .prop_map(|(huge, slot, page)| huge * HUGE + slot * LARGE + page * 4096)
}

/// Mostly small pages.
fn size() -> impl Strategy<Value = u32> {
    prop_oneof![4 => Just(12u32), 3 => Just(21u32), 1 => Just(30u32)]
}

fn operation() -> impl Strategy<Value = Op> {
    let scope = (
        0..=SPACES,
        address(),
        prop::sample::select(vec![12u32, 13, 21, 30, 40]),
        0..8u8,
        any::<bool>(),
    );
    prop_oneof![
        2 => (address(), place(), size(), 4..8u8)
            .prop_map(|(phys, to, log2, rights)| Op::Give { phys, to, log2, rights }),
        6 => (place(), place(), size(), 4..8u8)
            .prop_map(|(from, to, log2, rights)| Op::Map { from, to, log2, rights }),
        2 => (place(), any::<bool>()).prop_map(|(place, write)| Op::Use { place, write }),
        1 => (place(), place()).prop_map(|(from, to)| Op::Move { from, to }),
        1 => (place(), place()).prop_map(|(place, parent)| Op::Adopt { place, parent }),
        2 => (scope, 1..20usize, any::<bool>())
            .prop_map(|(scope, piece, disturb)| Op::Sweep { scope, piece, disturb }),
    ]
}

/// Both, kept in step.
struct Pair {
    memory: Memory,
    model: Model,
}

impl Pair {
    fn page_at(&self, place: Place) -> Option<(Place, Page)> {
        let below = self.model.pages.range((place.0, 0)..=place);
        let (start, page) = below.last()?;
        (place.1 < start.1 + page.size()).then_some((*start, *page))
    }

    fn handle(&self, place: Place) -> Handle {
        covering(&self.memory, place.0, place.1).expect("the tree has the page")
    }

    fn put(&mut self, parent: Option<Place>, giver: Handle, place: Place, page: Page) {
        let spot = Spot {
            space: place.0,
            address: place.1,
            log2: page.log2,
        };
        let frame = (page.phys >> 12) as u32;
        if add(&mut self.memory, giver, frame, spot, page.rights) == Err(NoMemory) {
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

    fn give(&mut self, phys: u64, to: Place, log2: u32, rights: u8) {
        let (phys, to) = aligned(log2, phys, to);
        if !self.model.is_free(to.0, to.1, log2) {
            return;
        }
        if let Ok(giver) = region(&mut self.memory, OWNER, phys) {
            let page = fresh(phys, log2, Rights::from_bits(rights));
            self.put(None, giver, to, page);
        }
    }

    fn map(&mut self, from: Place, to: Place, log2: u32, rights: u8) {
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

    fn touch(&mut self, place: Place, write: bool) {
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

    fn shift(&mut self, from: Place, to: Place) {
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

    fn take_over(&mut self, place: Place, parent: Place) {
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

    fn sweep(&mut self, scope: (u32, u64, u32, u8, bool), piece: usize, disturb: bool) {
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

    /// The tree hangs together, whether or not a sweep is at work.
    fn check_links(&self) {
        for (handle, node) in self.memory.nodes() {
            assert_eq!(
                covering(&self.memory, node.space(), node.last()),
                Some(handle)
            );
            let mut child = first_child(&self.memory, handle);
            assert_eq!(child.is_some(), node.has_children());
            while let Some(next) = child {
                let below = self.memory.node(next);
                assert_eq!(below.parent(), Some(handle));
                let end = |node: &Node| (u64::from(node.frame()) << 12) + (1 << node.log2());
                assert!(below.frame() >= node.frame() && end(below) <= end(node));
                assert!(
                    node.rights().contains(below.rights()),
                    "a right from nowhere"
                );
                child = next_sibling(&self.memory, next);
            }
        }
    }

    fn check(&self) {
        self.check_links();
        self.memory.check_groups();
        let pages = self
            .memory
            .nodes()
            .filter(|(_, node)| node.parent().is_some());
        assert_eq!(pages.count(), self.model.pages.len());
        for (place, page) in &self.model.pages {
            let node = self.memory.node(self.handle(*place));
            let shown = self.memory.shown[place];
            assert_eq!((node.address(), node.log2()), (place.1, page.log2));
            assert_eq!((node.rights(), shown.rights), (page.rights, page.rights));
            assert_eq!((shown.log2, shown.seen), (page.log2, page.seen));
            self.check_parent(node, page);
        }
        assert_eq!(self.memory.shown.len(), self.model.pages.len());
        for (_, node) in self.memory.nodes() {
            let region = node.parent().is_none();
            assert!(!region || node.has_children(), "an empty region stays");
        }
        self.check_order();
    }

    fn check_parent(&self, node: &Node, page: &Page) {
        let parent = self
            .memory
            .node(node.parent().expect("a page has a parent"));
        assert_eq!(u64::from(node.frame()) << 12, page.phys);
        match page.parent {
            None => assert_eq!(parent.space(), OWNER),
            Some(place) => assert_eq!((parent.space(), parent.address()), place),
        }
    }

    /// Going through a space from page to page meets all its pages in order.
    fn check_order(&self) {
        for space in 1..=SPACES {
            let mut next = 0;
            let mine = self
                .model
                .pages
                .iter()
                .filter(|(place, _)| place.0.0 == space);
            for (place, page) in mine {
                let found = first_within(&self.memory, place.0, next, u64::MAX);
                assert_eq!(found, Some(self.handle(*place)));
                assert!(
                    place.1 == next
                        || first_within(&self.memory, place.0, next, place.1 - 1)
                            .is_none_or(|found| self.memory.node(found).address() < place.1)
                );
                next = place.1 + page.size();
            }
            assert_eq!(
                first_within(&self.memory, SpaceName(space), next, u64::MAX),
                None
            );
        }
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

proptest! {
    #![proptest_config(super::config(300))]

    #[test]
    fn tree_is_the_set(ops in vec(operation(), super::history()), room in 1..60usize) {
        let memory = Memory::new(room);
        let mut pair = Pair { memory, model: Model::default() };
        for op in ops {
            match op {
                Op::Give { phys, to, log2, rights } => pair.give(phys, to, log2, rights),
                Op::Map { from, to, log2, rights } => pair.map(from, to, log2, rights),
                Op::Use { place, write } => pair.touch(place, write),
                Op::Move { from, to } => pair.shift(from, to),
                Op::Adopt { place, parent } => pair.take_over(place, parent),
                Op::Sweep { scope, piece, disturb } => pair.sweep(scope, piece, disturb),
            }
            pair.check();
        }
        // Every space ends: nothing is left.
        for space in 1..=SPACES {
            pair.sweep((space, 0, 40, 7, true), 5, false);
            forget(&mut pair.memory, SpaceName(space));
        }
        prop_assert_eq!(pair.memory.nodes().count(), 0);
        prop_assert_eq!(pair.memory.groups(), 0);
    }
}

/// Each child once, small ones first.
#[test]
fn children_come_by_size_and_place() {
    let mut pair = Pair {
        memory: Memory::new(100),
        model: Model::default(),
    };
    let whole = (SpaceName(1), 0);
    pair.give(0, whole, 30, 7);
    let children = [(0u64, 21), (1, 12), (1, 21), (0, 12), (511, 21), (7, 12)];
    for ((index, log2), place) in children.into_iter().zip(0..) {
        let from = (SpaceName(1), index << log2);
        pair.map(from, (SpaceName(2), place * LARGE), log2, 7);
    }
    let parent = pair.handle(whole);
    let mut child = first_child(&pair.memory, parent);
    let mut order = Vec::new();
    while let Some(next) = child {
        let node = pair.memory.node(next);
        order.push((node.log2(), u64::from(node.frame()) << 12 >> node.log2()));
        child = next_sibling(&pair.memory, next);
    }
    assert_eq!(
        order,
        [(12, 0), (12, 1), (12, 7), (21, 0), (21, 1), (21, 511)]
    );
    pair.check();
}

/// Taking back one small page of a large one costs no more because others were mapped from it.
#[test]
fn a_part_is_found_among_many() {
    let pages = if cfg!(miri) { 12 } else { 30_000u64 };
    let mut pair = Pair {
        memory: Memory::new(100_000),
        model: Model::default(),
    };
    pair.give(0, (SpaceName(1), 0), 30, 7);
    for index in 0..pages {
        let from = (SpaceName(1), index * 4096);
        let giver = covering(&pair.memory, from.0, from.1).expect("the page");
        let spot = Spot {
            space: SpaceName(2),
            address: from.1,
            log2: 12,
        };
        let rights = Rights::READ;
        add(&mut pair.memory, giver, index as u32, spot, rights).expect("room");
        let seen = Rights::NONE;
        let shown = Shown {
            log2: 12,
            rights,
            seen,
        };
        pair.memory.shown.insert((SpaceName(2), from.1), shown);
    }
    for page in [0, pages / 2, pages - 1] {
        let mut sweep = Sweep::new(
            Scope {
                space: SpaceName(1),
                first: page * 4096,
                last: page * 4096 + 4095,
                revoke: Rights::FULL,
                flush: false,
            },
            1,
        );
        while !sweep.is_done() {
            pair.memory.reads.set(0);
            sweep.go_on(&mut pair.memory, 0);
            let reads = pair.memory.reads.get();
            assert!(reads < 500, "{reads} nodes were read in one step");
        }
        assert_eq!(covering(&pair.memory, SpaceName(2), page * 4096), None);
        assert!(pair.memory.visits <= 1, "{} visits", pair.memory.visits);
        pair.memory.visits = 0;
    }
    assert_eq!(pair.memory.shown.len() as u64, pages + 1 - 3);
}

/// However deep or wide what derives from a page is, a piece takes as many steps as it may.
#[test]
fn a_step_is_short() {
    let pages = if cfg!(miri) { 12 } else { 2000u64 };
    for deep in [false, true] {
        let mut pair = Pair {
            memory: Memory::new(5000),
            model: Model::default(),
        };
        pair.give(0, (SpaceName(1), 0), 12, 7);
        for index in 1..pages {
            let from = if deep { index - 1 } else { 0 };
            pair.map(
                (SpaceName(1), from * 4096),
                (SpaceName(1), index * 4096),
                12,
                7,
            );
        }
        let scope = Scope {
            space: SpaceName(1),
            first: 0,
            last: 4095,
            revoke: Rights::FULL,
            flush: false,
        };
        let mut sweep = Sweep::new(scope, 1);
        let mut pieces = 0;
        while !sweep.is_done() {
            pair.memory.reads.set(0);
            let version = pair.memory.version;
            sweep.go_on(&mut pair.memory, version);
            sweep.pause(pair.memory.version);
            let reads = pair.memory.reads.get();
            assert!(reads < 500, "{reads} nodes were read in one step");
            pieces += 1;
        }
        assert!(pieces <= 2 * pages + 2, "{pieces} pieces");
        assert_eq!(pair.memory.nodes().count(), 2, "the region and the page");
    }
}

/// A sweep that nobody disturbs visits each node once, and one that is disturbed after every piece comes to an end soon.
#[test]
fn pieces_are_bounded() {
    let pages = if cfg!(miri) { 12 } else { 1000 };
    for (disturb, most) in [(false, pages), (true, 10 * pages)] {
        let mut pair = Pair {
            memory: Memory::new(5000),
            model: Model::default(),
        };
        pair.give(0, (SpaceName(1), 0), 12, 7);
        for index in 1..pages as u64 {
            let from = (SpaceName(1), index / 2 * 4096);
            pair.map(from, (SpaceName(1), index * 4096), 12, 7);
        }
        pair.memory.visits = 0;
        pair.sweep((1, 0, 12, 0, true), 8, disturb);
        assert!(
            (pages..=most).contains(&pair.memory.visits),
            "{} visits",
            pair.memory.visits
        );
        pair.check();
    }
}
