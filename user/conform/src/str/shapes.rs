//! Scatter and gather: the shapes of both sides in every combination, and shapes by chance.

use super::exchange::{self, as_modelled};
use super::model::ZONE;
use super::shape::{self, Part, Words, lay};
use crate::harness::pair::ORDERS;
use crate::harness::partner::Partner;
use crate::harness::regular::Random;
use crate::harness::{Outcome, arena, worker};

type Shape = &'static [&'static [Part]];

const SIMPLE: Shape = &[&[(256, 1)]];
const SUBSTRINGS: Shape = &[&[(64, 4)]];
const COMPOUND: Shape = &[&[(32, 4), (64, 2)]];
const TWO: Shape = &[&[(128, 1)], &[(128, 1)]];
const TWO_COMPOUND: Shape = &[&[(32, 4), (64, 2)], &[(100, 1), (39, 4)]];

/// Shapes of what is sent.
const SENT: [Shape; 12] = [
    SIMPLE,
    SUBSTRINGS,
    COMPOUND,
    TWO,
    TWO_COMPOUND,
    &[&[(1, 32), (224, 1)]],
    &[&[(85, 3)], &[(1, 1)]],
    &[&[(0, 1)], &[(256, 1)]],
    &[&[(0, 3), (7, 5), (0, 1), (221, 1)]],
    &[&[(1000, 3)], &[(2000, 1)], &[(1, 1)], &[(4097, 1)]],
    &[&[(64, 1)], &[(64, 1)], &[(64, 1)], &[(64, 1)]],
    &[&[(9, 1), (9, 1), (9, 1), (9, 1), (9, 1), (211, 1)]],
];

/// Shapes of buffers: as long, longer, and too short in several ways.
const RECEIVED: [Shape; 13] = [
    SIMPLE,
    SUBSTRINGS,
    COMPOUND,
    TWO,
    TWO_COMPOUND,
    &[&[(8, 20), (97, 1)], &[(512, 1)]],
    &[&[(252, 1)]],
    &[&[(128, 1)], &[(127, 1)]],
    &[&[(0, 2), (300, 1)], &[(300, 1)]],
    &[&[(5000, 1)], &[(5000, 1)], &[(1, 1)], &[(4100, 1)]],
    &[&[(64, 1)], &[(0, 1)], &[(64, 1)], &[(64, 1)]],
    &[&[(0, 1)]],
    &[&[(1, 10), (63, 1), (5, 3), (1024, 1)]],
];

/// Where parts may lie: a page in from both ends of the zone.
const ROOM: u64 = ZONE - 8192;

#[track_caller]
fn transfer(partner: Partner, sent: Shape, received: Shape) -> Outcome {
    let items = lay(sent, arena::source() + 4096 + 5, ROOM, false);
    let buffers = lay(received, arena::target() + 4096 + 2, ROOM, true);
    for order in ORDERS {
        as_modelled(partner, order, items.as_slice(), buffers.as_slice())?;
    }
    Ok(())
}

#[track_caller]
fn for_both_spaces(sent: Shape, received: Shape) -> Outcome {
    arena::write(arena::source(), ZONE, 3);
    for partner in exchange::partners()? {
        transfer(partner, sent, received)?;
    }
    Ok(())
}

pub(super) fn substrings() -> Outcome {
    for_both_spaces(SUBSTRINGS, SUBSTRINGS)
}

pub(super) fn compound() -> Outcome {
    for_both_spaces(COMPOUND, COMPOUND)
}

pub(super) fn several_per_message() -> Outcome {
    for_both_spaces(TWO, TWO)?;
    for_both_spaces(TWO_COMPOUND, TWO_COMPOUND)
}

pub(super) fn scatter() -> Outcome {
    for_both_spaces(SIMPLE, SUBSTRINGS)?;
    for_both_spaces(SIMPLE, COMPOUND)
}

pub(super) fn gather() -> Outcome {
    for_both_spaces(SUBSTRINGS, SIMPLE)?;
    for_both_spaces(COMPOUND, SIMPLE)
}

pub(super) fn both() -> Outcome {
    for_both_spaces(SUBSTRINGS, COMPOUND)?;
    for_both_spaces(COMPOUND, SUBSTRINGS)
}

#[track_caller]
fn every_combination(partner: Partner) -> Outcome {
    arena::write(arena::source(), ZONE, 4);
    for sent in SENT {
        for received in RECEIVED {
            transfer(partner, sent, received)?;
        }
    }
    Ok(())
}

pub(super) fn every_combination_in_one_space() -> Outcome {
    every_combination(exchange::partner(worker::here())?)
}

pub(super) fn every_combination_between_spaces() -> Outcome {
    every_combination(exchange::partner(worker::away())?)
}

const ROUNDS: u64 = 150;

#[track_caller]
fn random(partner: Partner, seed: u64) -> Outcome {
    arena::write(arena::source(), ZONE, seed);
    let mut random = Random::new(seed);
    for _ in 0..ROUNDS {
        let items = shape::random(&mut random, arena::source(), ZONE, 63, false);
        let buffers = shape::random(&mut random, arena::target() + 16, ZONE - 32, 32, true);
        for order in ORDERS {
            as_modelled(partner, order, items.as_slice(), buffers.as_slice())?;
        }
    }
    Ok(())
}

pub(super) fn random_in_one_space() -> Outcome {
    random(exchange::partner(worker::here())?, 10)
}

pub(super) fn random_between_spaces() -> Outcome {
    random(exchange::partner(worker::away())?, 11)
}

/// One buffer of `length` bytes in the middle of the zone.
pub(super) fn buffer(length: u64) -> Words {
    Words::new().simple(arena::target() + 4096, length)
}

/// One string of `length` bytes in the middle of the zone.
pub(super) fn string(length: u64) -> Words {
    Words::new().simple(arena::source() + 4096, length)
}
