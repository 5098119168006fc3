//! What a sweep costs: a piece is short, and pieces are few.

use pecan_abi::fpage::Rights;
use pecan_rules::mapping::{Scope, SpaceName, Spot, Sweep, add, covering};

use super::memory::Shown;
use super::pair::Pair;

/// Taking back one small page of a large one costs no more because others were mapped from it.
#[test]
fn a_part_is_found_among_many() {
    let pages = if cfg!(miri) { 12 } else { 30_000u64 };
    let mut pair = Pair::new(100_000);
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
        let mut pair = Pair::new(5000);
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
        let mut pair = Pair::new(5000);
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
