//! Random calls.

use l4::{Tag, ThreadId, Time};

use super::actor::{CAST, Call};
use super::cast::Cast;
use crate::harness::regular::Random;

/// How wild the calls are.
#[derive(Clone, Copy)]
pub(super) struct Taste {
    /// Ids of nobody, and flags that are not the sender's to set.
    pub(super) garbage: bool,
    /// Every other call is one phase alone.
    pub(super) alone: bool,
}

/// A call of actor `me`.
pub(super) fn call(random: &mut Random, cast: &Cast, me: usize, taste: Taste) -> Call {
    let other = |random: &mut Random| {
        let number = random.below(CAST as u64) as usize;
        let near = (me == 0 || me == 3) && (number == 0 || number == 3);
        match near && random.below(2) == 0 {
            true => cast.local[number].raw(),
            false => cast.actors[number].raw(),
        }
    };
    let garbage = |random: &mut Random| match random.below(3) {
        0 => ThreadId::ANY_LOCAL.raw(),
        1 => cast.actors[0].raw() ^ 0x80,
        _ => random.next() & !0x3f | 1,
    };
    // Who only waits is met by those who send first.
    let to = match random.below(20) {
        0..9 => 0,
        9 if taste.garbage => garbage(random),
        _ => other(random),
    };
    let from = match random.below(20) {
        _ if taste.alone && to != 0 && random.below(2) == 0 => 0,
        0..8 if to != 0 => to,
        0..14 => ThreadId::ANY.raw(),
        14..16 => 0,
        16 if taste.garbage => garbage(random),
        _ => other(random),
    };
    // Never, or no time at all.
    let mut timeouts = 0;
    for shift in [0, 16] {
        if random.below(4) == 0 {
            timeouts |= u64::from(Time::ZERO.raw()) << shift;
        }
    }
    let words = match random.below(4) {
        0 => random.below(64),
        1 => random.below(4) + 6,
        _ => random.below(8),
    };
    let mut tag = words | random.next() << 16;
    if taste.garbage && random.below(16) == 0 {
        tag |= random.next() & Tag::FLAGS;
    }
    [to, from, timeouts, tag]
}
