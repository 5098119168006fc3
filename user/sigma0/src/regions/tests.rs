//! The partition against a model that keeps one state per page.

use core::num::NonZeroU64;

use super::{END, Full, Kind, Pages, Region, Regions, State};

fn owned(kind: Kind, owner: u64) -> State {
    State {
        kind,
        owner: NonZeroU64::new(owner),
    }
}

fn check_partition(regions: &Regions<'_>) {
    let entries = regions.entries();
    assert_eq!(entries[0].start, 0);
    for pair in entries.windows(2) {
        assert!(pair[0].start < pair[1].start, "sorted: {pair:?}");
        assert_ne!(pair[0].state, pair[1].state, "neighbours differ: {pair:?}");
    }
}

/// A small pseudo-random sequence, the same in every run.
struct Sequence(u64);

impl Sequence {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

#[test]
fn follows_a_page_by_page_model() {
    const PAGES: u64 = 64;
    let kinds = [Kind::Conventional, Kind::Shared, Kind::Reserved, Kind::Boot];
    let mut storage = [Region::UNUSED; 80];
    let mut regions = Regions::new(&mut storage);
    let mut model = vec![State::free(Kind::Undefined); PAGES as usize];
    let mut sequence = Sequence(7);
    for _ in 0..5000 {
        let start = sequence.below(PAGES);
        let end = start + sequence.below(PAGES - start + 1);
        let state = owned(kinds[sequence.below(4) as usize], sequence.below(3));
        regions
            .set(Pages { start, end }, state)
            .expect("room for 64 pages");
        model[start as usize..end as usize].fill(state);
        check_partition(&regions);
        for page in 0..PAGES {
            assert_eq!(regions.state(page), model[page as usize], "page {page}");
        }
        assert_eq!(regions.state(PAGES), State::free(Kind::Undefined));
    }
}

#[test]
fn within_cuts_regions_to_the_range() {
    let mut storage = [Region::UNUSED; 8];
    let mut regions = Regions::new(&mut storage);
    regions
        .set(
            Pages { start: 10, end: 20 },
            State::free(Kind::Conventional),
        )
        .expect("room");
    let found: Vec<_> = regions.within(Pages { start: 5, end: 15 }).collect();
    assert_eq!(
        found,
        [
            (Pages { start: 5, end: 10 }, State::free(Kind::Undefined)),
            (
                Pages { start: 10, end: 15 },
                State::free(Kind::Conventional)
            ),
        ]
    );
}

#[test]
fn the_whole_numbering_can_be_one_region() {
    let mut storage = [Region::UNUSED; 3];
    let mut regions = Regions::new(&mut storage);
    regions
        .set(Pages { start: 0, end: END }, State::free(Kind::Shared))
        .expect("room");
    assert_eq!(regions.entries().len(), 1);
    assert_eq!(regions.state(END - 1), State::free(Kind::Shared));
}

#[test]
fn full_storage_refuses_and_keeps_the_book() {
    let mut storage = [Region::UNUSED; 3];
    let mut regions = Regions::new(&mut storage);
    regions
        .set(Pages { start: 5, end: 6 }, State::free(Kind::Boot))
        .expect("room for two more");
    let before = regions.entries().to_vec();
    assert_eq!(
        regions.set(Pages { start: 8, end: 9 }, State::free(Kind::Boot)),
        Err(Full)
    );
    assert_eq!(regions.entries(), before);
}

#[test]
fn a_million_single_pages_of_one_owner_are_one_region() {
    let mut storage = [Region::UNUSED; 8];
    let mut regions = Regions::new(&mut storage);
    regions
        .set(
            Pages {
                start: 0,
                end: 1 << 20,
            },
            State::free(Kind::Conventional),
        )
        .expect("room");
    for page in 0..1 << 20 {
        let pages = Pages {
            start: page,
            end: page + 1,
        };
        regions
            .set(pages, owned(Kind::Conventional, 9))
            .expect("merged");
    }
    assert_eq!(regions.entries().len(), 2);
}

#[test]
fn moving_keeps_every_entry() {
    let mut small = [Region::UNUSED; 4];
    let mut regions = Regions::new(&mut small);
    regions
        .set(Pages { start: 1, end: 2 }, State::free(Kind::Boot))
        .expect("room");
    let mut large = [Region::UNUSED; 16];
    let moved = regions.moved_to(&mut large);
    assert_eq!(moved.entries(), regions.entries());
    assert_eq!(moved.capacity(), 16);
}
