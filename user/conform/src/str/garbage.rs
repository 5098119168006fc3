//! Descriptors that make no sense: an overflow with the bytes that went over before, and nothing else
//! is hurt.

use l4::abi::item::{CONTINUED, StringItem};
use l4::abi::layout::USER_LAST;
use l4::{IpcError, Tag, Time};

use super::exchange::{self, as_modelled, meet, strings, tag};
use super::shape::{Words, lay};
use super::shapes::{buffer, string};
use crate::harness::pair::{ORDERS, Order};
use crate::harness::partner::Partner;
use crate::harness::regular::Random;
use crate::harness::{Failure, Job, Outcome, SOON, arena, equal, hex};

fn source() -> u64 {
    arena::source() + 4096
}

fn target() -> u64 {
    arena::target() + 4096
}

/// Runs `test` for both orders and both spaces, with the text 60 to send and blank memory.
#[track_caller]
pub(super) fn everywhere(test: impl Fn(Partner, Order) -> Outcome) -> Outcome {
    arena::write(source(), 8192, 60);
    for partner in exchange::partners()? {
        for order in ORDERS {
            arena::blank(arena::target(), 16_384);
            test(partner, order)?;
        }
    }
    Ok(())
}

/// What lies inside the message goes over.
pub(super) fn item_longer_than_the_message() -> Outcome {
    everywhere(|partner, order| {
        let first = StringItem::new(100, 1).raw();
        let compound = StringItem::new(100, 1).with_compound().raw();
        let four = StringItem::new(100, 4).raw();
        for (items, copied) in [
            (&[first][..], 0),
            (&[four][..], 0),
            (&[four, source(), source() + 100], 200),
            (&[compound, source()], 100),
            (&[compound, source(), first], 100),
            (&[first, source(), first], 100),
        ] {
            arena::blank(target(), 1000);
            let room = buffer(1000)
                .with_bits(0, CONTINUED)
                .simple(target() + 2000, 1000);
            let both = strings(partner, order, items, room.as_slice())?;
            both.overflow(copied, tag(items.len()))?;
            hex("first word", both.receiver.mr[1], items[0])?;
            arena::holds(target(), copied, 60, 0)?;
            arena::is_blank(target() + copied, 1000 - copied)?;
        }
        Ok(())
    })
}

/// Control-transfer items and those of type 7, alone and behind a string.
pub(super) fn unknown_items() -> Outcome {
    everywhere(|partner, order| {
        for kind in [0xC, 0xE, 0xD, 0xF] {
            for first in [kind, kind | 0x1000, kind | !0x3FF] {
                let room = buffer(100)
                    .with_bits(0, CONTINUED)
                    .simple(target() + 500, 100);
                let alone = strings(partner, order, &[first, source()], room.as_slice())?;
                alone.overflow(0, tag(2))?;
                arena::blank(target(), 1000);
                let behind = string(100).then(&[first, source()]);
                let both = strings(partner, order, behind.as_slice(), room.as_slice())?;
                both.overflow(100, tag(4))?;
                arena::holds(target(), 100, 60, 0)?;
                arena::is_blank(target() + 100, 900)?;
            }
        }
        Ok(())
    })
}

/// What would stand behind BR32 is not there.
pub(super) fn buffers_beyond_the_last_register() -> Outcome {
    everywhere(|partner, order| {
        let sixteen = lay(&[&[(10, 1)][..]; 16], target(), 4096, true).with_bits(30, CONTINUED);
        let seventeen = lay(&[&[(10, 1)][..]; 17], source(), 4096, false);
        strings(partner, order, seventeen.as_slice(), sixteen.as_slice())?
            .overflow(160, tag(34))?;
        // BR32 is the first word of a descriptor without its pointer.
        let part = |index: u64| target() + 2 * index;
        let mut words = [0; 32];
        words[0] = StringItem::new(1, 30).with_compound().raw();
        (0..30).for_each(|index| words[1 + index as usize] = part(index));
        words[31] = StringItem::new(50, 1).raw();
        strings(partner, order, string(40).as_slice(), &words)?.overflow(30, tag(2))?;
        // The 32nd pointer would be in BR33.
        words[0] = StringItem::new(1, 32).raw();
        words[31] = part(30);
        strings(partner, order, string(40).as_slice(), &words)?.overflow(31, tag(2))?;
        strings(partner, order, string(31).as_slice(), &words)?.succeed()
    })
}

/// Buffer registers that hold no string buffer.
pub(super) fn buffers_that_are_none() -> Outcome {
    everywhere(|partner, order| {
        for word in [0x8, 0xA, 0xC, 0xE, 0xF] {
            let none = [100 << 10 | word, target(), 0, 0];
            strings(partner, order, string(50).as_slice(), &none)?.overflow(0, tag(2))?;
            let second = buffer(100).with_bits(0, CONTINUED).then(&none);
            let two = string(50).simple(source(), 50);
            strings(partner, order, two.as_slice(), second.as_slice())?.overflow(50, tag(4))?;
            let compound = buffer(30).with_bits(0, StringItem::COMPOUND).then(&none);
            strings(partner, order, string(50).as_slice(), compound.as_slice())?
                .overflow(30, tag(2))?;
        }
        arena::is_blank(target() + 100, 4096)
    })
}

/// More words than there are registers: nothing of the items goes over.
pub(super) fn too_many_words() -> Outcome {
    everywhere(|partner, order| {
        for (untyped, typed) in [(0x3E, 2), (0x3F, 1), (1, 0x3F), (0x3F, 0x3F)] {
            let tag = Tag::new(0x66, untyped, typed).raw();
            let mut words = [0; 63];
            if untyped == 1 {
                words[1..3].copy_from_slice(string(100).as_slice());
            } else {
                words[61..].copy_from_slice(string(100).as_slice());
            }
            let room = buffer(1000);
            let both = meet(
                partner,
                order,
                |to| Job::send(to).tag(tag).registers(1, &words),
                |from| Job::receive(from).buffers(room.as_slice()),
            )?;
            both.overflow(0, tag)?;
            arena::is_blank(target(), 1000)?;
        }
        Ok(())
    })
}

/// Strings of no bytes take a buffer and go over, whatever their addresses.
pub(super) fn empty_strings() -> Outcome {
    everywhere(|partner, order| {
        for address in [0, source(), USER_LAST, USER_LAST + 1, u64::MAX] {
            let empty = Words::new().simple(address, 0);
            for room in [&empty, &buffer(10)] {
                strings(partner, order, empty.as_slice(), room.as_slice())?.succeed()?;
            }
            let then = empty.simple(source(), 10);
            strings(partner, order, then.as_slice(), buffer(10).as_slice())?.overflow(0, tag(4))?;
            let two = empty.with_bits(0, CONTINUED).simple(target(), 10);
            strings(partner, order, then.as_slice(), two.as_slice())?.succeed()?;
            arena::holds(target(), 10, 60, 0)?;
        }
        as_modelled(partner, order, &[0, 0, 0, 0], &[CONTINUED, 0, 0, 0])
    })
}

/// An address that is in an arena, the kernel's, or none at all.
fn any_address(random: &mut Random, arena: u64) -> u64 {
    match random.below(4) {
        0 => random.next() | 1 << 47,
        1 => 0xFFFF_8000_0000_0000 | random.next(),
        _ => arena + random.below(8192),
    }
}

fn any_descriptor(random: &mut Random) -> u64 {
    let length = match random.below(8) {
        0 => 0,
        _ => random.below(2000),
    };
    length << 10 | random.next() & 0x3FF
}

/// Items and buffers by chance, but for addresses where something else lies. Both sides agree on
/// what came of it.
pub(super) fn random_words() -> Outcome {
    let [here, away] = exchange::partners()?;
    let mut random = Random::new(67);
    for round in 0..400 {
        let (mut items, mut buffers) = ([0; 63], [0; 32]);
        fill(&mut random, &mut items, arena::source());
        fill(&mut random, &mut buffers, arena::target());
        let count = random.below(64) as usize;
        let order = ORDERS[round % 2];
        let partner = if round % 4 < 2 { here } else { away };
        let both = meet(
            partner,
            order,
            |to| {
                Job::send(to)
                    .tag(tag(count))
                    .registers(1, &items)
                    .xfer(Time::ZERO, Time::ZERO)
            },
            |from| {
                Job::receive(from)
                    .buffers(&buffers)
                    .xfer(Time::ZERO, Time::ZERO)
            },
        )?;
        let errors = [&both.sender, &both.receiver].map(|done| {
            done.tag()
                .is_error()
                .then(|| IpcError::from_raw(done.error))
        });
        match errors {
            [None, None] => {}
            [Some(Some(sent)), Some(Some(received))] => {
                equal("offset", sent.offset, received.offset)?;
            }
            other => {
                return Err(Failure::new(format_args!("sides differ: {other:?}")));
            }
        }
    }
    arena::write(source(), 5000, 68);
    let both = strings(
        away,
        Order::ReceiverFirst,
        string(5000).as_slice(),
        buffer(5000).as_slice(),
    )?;
    both.succeed()?;
    arena::holds(target(), 5000, 68, 0)?;
    hex(
        "the partner waits",
        l4::ipc::send_within(away.id, &l4::Message::new(0), SOON).map_or(1, |()| 0),
        0,
    )
}

/// Words that are descriptors and addresses in turns, mostly where they should be. An address never
/// stands where a descriptor is read, as its length would go beyond the arena.
fn fill(random: &mut Random, words: &mut [u64], arena: u64) {
    let mut at = 0;
    while at < words.len() {
        words[at] = any_descriptor(random);
        let pointers = StringItem::from_raw(words[at]).map_or(1, StringItem::pointers);
        for word in words.iter_mut().skip(at + 1).take(pointers) {
            *word = any_address(random, arena);
        }
        at += 1 + pointers;
    }
}
