//! Ports: the tree against one giver per port and space; instructions against those that were put together; the bitmap
//! against a set.

mod instruction;
mod memory;
mod model;

use core::cell::Cell;
use std::collections::BTreeSet;

use pecan_abi::fpage::{Fpage, IoFpage, Rights};
use pecan_rules::mapping::{Scope, SpaceName, Store, Sweep, covering};
use pecan_rules::ports::{Bitmap, Giver, Mode, Ports, WORDS, cut, give, has_all};
use proptest::collection::vec;
use proptest::prelude::*;

use memory::Quiet;
use model::{Model, OWNER};

const SPACES: u32 = 4;

#[derive(Clone, Copy, Debug)]
enum Op {
    Give {
        from: u32,
        to: u32,
        ports: Ports,
        grant: bool,
    },
    Take {
        space: u32,
        ports: Ports,
        flush: bool,
        piece: usize,
    },
}

/// Few ports around the borders of regions, so that histories meet.
fn ports() -> impl Strategy<Value = Ports> {
    let base = prop_oneof![0..12u16, 504..520u16, 0xFFF0..=0xFFFFu16];
    (base, prop_oneof![6 => 0..5u32, 1 => 9..11u32])
        .prop_map(|(base, log2)| Ports::named(IoFpage::new(base, log2)))
}

fn operation() -> impl Strategy<Value = Op> {
    let give = (0..=SPACES, 1..=SPACES, ports(), any::<bool>());
    let take = (0..=SPACES, ports(), any::<bool>(), 1..9usize);
    prop_oneof![
        3 => give.prop_map(|(from, to, ports, grant)| Op::Give { from, to, ports, grant }),
        1 => take.prop_map(|(space, ports, flush, piece)| Op::Take { space, ports, flush, piece }),
    ]
}

/// As the kernel carries an item out. False: there was no memory.
fn carry_out(memory: &mut Quiet, from: u32, to: u32, ports: Ports, mode: Mode) -> bool {
    let space = SpaceName(from);
    let giver = match from {
        OWNER => Giver::Owner(space),
        _ => Giver::Space(space, mode),
    };
    let mut left = Some(ports);
    while let Some(ports) = left {
        match give(memory, giver, SpaceName(to), ports) {
            Ok(rest) => left = rest,
            Err(_) => return false,
        }
    }
    if from != OWNER && mode == Mode::Grant {
        take(memory, from, ports, true, 100);
    }
    true
}

/// As the kernel carries Unmap out. False: there was no memory to divide pieces.
fn take(memory: &mut Quiet, space: u32, ports: Ports, flush: bool, piece: usize) -> bool {
    let space = SpaceName(space);
    let exact = loop {
        match cut(memory, space, ports, flush) {
            Ok(true) => memory.check_links(),
            Ok(false) => break true,
            Err(_) => break false,
        }
    };
    let (first, last) = ports.addresses();
    let revoke = Rights::FULL;
    let scope = Scope {
        space,
        first,
        last,
        revoke,
        flush,
    };
    let mut sweep = Sweep::new(scope, piece);
    while !sweep.is_done() {
        let version = memory.version();
        sweep.go_on(memory, version);
        sweep.pause(memory.version());
    }
    exact
}

proptest! {
    #![proptest_config(super::config(200))]

    #[test]
    fn tree_is_a_giver_per_port(ops in vec(operation(), super::history())) {
        let mut memory = Quiet::new(usize::MAX);
        let mut model = Model::default();
        for op in ops {
            match op {
                Op::Give { from, to, ports, grant } if from != to => {
                    let mode = if grant { Mode::Grant } else { Mode::Map };
                    prop_assert!(carry_out(&mut memory, from, to, ports, mode));
                    model.give(from, to, ports, mode);
                }
                Op::Give { .. } => {}
                Op::Take { space, ports, flush, piece } => {
                    prop_assert!(take(&mut memory, space, ports, flush, piece));
                    model.take(space, ports, flush);
                }
            }
            memory.check_links();
            prop_assert_eq!(&memory.ports(), &model.givers);
        }
        for space in 1..=SPACES {
            take(&mut memory, space, Ports::named(IoFpage::COMPLETE), true, 3);
        }
        prop_assert_eq!(memory.nodes(), 0);
    }

    /// Without memory less is given, and at least what is named is taken; nothing is ever from nowhere.
    #[test]
    fn short_of_memory(ops in vec(operation(), super::history()), room in 1..20usize) {
        let mut memory = Quiet::new(room);
        for op in ops {
            let before = memory.ports();
            match op {
                Op::Give { from, to, ports, grant } if from != to => {
                    let mode = if grant { Mode::Grant } else { Mode::Map };
                    let mut model = Model { givers: before };
                    if carry_out(&mut memory, from, to, ports, mode) && mode == Mode::Map {
                        model.give(from, to, ports, mode);
                        prop_assert_eq!(&memory.ports(), &model.givers);
                    }
                }
                Op::Give { .. } => {}
                Op::Take { space, ports, flush, piece } => {
                    let exact = take(&mut memory, space, ports, flush, piece);
                    let mut model = Model { givers: before };
                    model.take(space, ports, flush);
                    let after = memory.ports();
                    prop_assert!(after.iter().all(|(at, giver)| model.givers.get(at) == Some(giver)));
                    prop_assert!(!exact || after == model.givers);
                }
            }
            memory.check_links();
        }
    }

    #[test]
    fn what_a_space_has(ops in vec(operation(), 1..20), asked in vec(ports(), 1..10)) {
        let mut memory = Quiet::new(usize::MAX);
        for op in ops {
            if let Op::Give { from, to, ports, .. } = op && from != to {
                carry_out(&mut memory, from, to, ports, Mode::Map);
            }
        }
        let had = memory.ports();
        for (space, ports) in (1..=SPACES).flat_map(|space| asked.iter().map(move |ports| (space, *ports))) {
            let mut covered = BTreeSet::new();
            let all = has_all(&memory, SpaceName(space), ports, |piece| covered.extend(piece.first..=piece.last));
            let expected = (ports.first..=ports.last).all(|port| had.contains_key(&(space, port)));
            prop_assert_eq!(all, expected);
            prop_assert!(covered.iter().all(|port| had.contains_key(&(space, *port))));
            prop_assert!(!all || (ports.first..=ports.last).all(|port| covered.contains(&port)));
        }
    }

    #[test]
    fn pieces_cover_ranges(first in any::<u16>(), count in 0..2000u16) {
        let ports = Ports { first, last: first.saturating_add(count) };
        let piece = ports.piece();
        let size = u32::from(piece.last - piece.first) + 1;
        prop_assert!(piece.first == first && ports.contains(piece) && size <= 512);
        prop_assert!(size.is_power_of_two() && u32::from(first) % size == 0);
        let double = u32::from(first) + 2 * size - 1;
        prop_assert!(size == 512 || u32::from(first) % (2 * size) != 0 || double > u32::from(ports.last));
        prop_assert!(Ports::largest(first).contains(piece));
    }

    #[test]
    fn windows(raw in any::<u64>(), ports in ports()) {
        let window = Fpage::from_raw(raw & !0xF);
        let taken = ports.within(window);
        let accepts = |port| match raw >> 4 & 0x3F {
            2 => {
                let (first, log2) = (raw >> 16 & 0xFFFF, raw >> 10 & 0x3F);
                u128::from(port) >= u128::from(first) && u128::from(port) < u128::from(first) + (1 << log2)
            }
            _ => raw >> 4 != 0,
        };
        for port in ports.first..=ports.last {
            let is_taken = taken.is_some_and(|taken| taken.contains(Ports { first: port, last: port }));
            prop_assert_eq!(is_taken, accepts(port));
        }
    }

    #[test]
    fn bitmap_is_a_set(steps in vec((ports(), 0..6u8), 1..if cfg!(miri) { 3 } else { 60 })) {
        let words = [const { Cell::new(0) }; WORDS];
        let bitmap = Bitmap::new(&words);
        let mut set = BTreeSet::new();
        for (ports, step) in steps {
            match step {
                0 => {
                    bitmap.forbid_all();
                    set.clear();
                    prop_assert!(words.iter().all(|word| word.get() == u64::MAX));
                }
                1 | 2 => {
                    bitmap.allow(ports);
                    set.extend(ports.first..=ports.last);
                }
                _ => {}
            }
            let all = (ports.first..=ports.last).all(|port| set.contains(&port));
            prop_assert_eq!(bitmap.allows(ports), all);
            let zeros: u32 = words.iter().map(|word| word.get().count_zeros()).sum();
            prop_assert_eq!(zeros as usize, set.len());
        }
    }
}

/// A hole in the middle of all ports, for Miri of some: the rest stays, in few pieces.
#[test]
fn a_hole_in_a_large_piece() {
    let mut memory = Quiet::new(usize::MAX);
    let all = Ports::named(if cfg!(miri) {
        IoFpage::new(0, 10)
    } else {
        IoFpage::COMPLETE
    });
    assert!(carry_out(&mut memory, OWNER, 1, all, Mode::Map));
    assert!(carry_out(&mut memory, 1, 2, all, Mode::Map));
    let port = Ports {
        first: 0x3F8,
        last: 0x3F8,
    };
    assert!(take(&mut memory, 1, port, false, 9));
    assert!(has_all(&memory, SpaceName(1), all, |_| {}));
    for other in [0x3F7u16, 0x3F9, 0, all.last] {
        assert!(covering(&memory, SpaceName(2), u64::from(other) << 12).is_some());
    }
    let hole = covering(&memory, SpaceName(2), 0x3F8 << 12);
    assert!(hole.is_none());
    // A region, and pieces of 512 ports in each of the spaces; one of them is eight, and a hole.
    let pieces = (usize::from(all.last) + 1) / 512;
    assert_eq!(memory.nodes(), 1 + 2 * pieces + 8);
    let region = covering(&memory, SpaceName(OWNER), 0).expect("a region");
    assert_eq!(memory.node(region).log2(), 30);
}
