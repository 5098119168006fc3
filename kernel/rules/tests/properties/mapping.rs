//! The mapping tree against a set of (space, page) -> parent.

mod check;
pub(super) mod memory;
mod model;
mod pair;
mod steps;

use pecan_rules::mapping::{SpaceName, Store, first_child, forget, next_sibling};
use proptest::collection::vec;
use proptest::prelude::*;

use model::Place;
use pair::Pair;

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
proptest! {
    #![proptest_config(super::config(300))]

    #[test]
    fn tree_is_the_set(ops in vec(operation(), super::history()), room in 1..60usize) {
        let mut pair = Pair::new(room);
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
    let mut pair = Pair::new(100);
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
