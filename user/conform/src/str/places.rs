//! Strings in special places, and in the ways that programs use.

use l4::abi::layout::UTCB_AREA;
use l4::abi::schedule::ThreadState::PendingSend;
use l4::string::{self as long, Buffers, LongMessage};
use l4::{IpcCode, Message, Phase, Tag, ThreadId, thread, utcb};

use super::exchange::{self, meet, strings, tag};
use super::shape::Words;
use super::shapes::{buffer, string};
use crate::harness::pair::{ORDERS, Order};
use crate::harness::regular::local;
use crate::harness::{Job, Outcome, SOON, arena, check, equal, hex, ids, worker};

/// The most that [`reverse`] takes.
const LONGEST: usize = 1000;

/// Answers each string with itself in reverse; the answer's words are the length and the sum.
fn reverse(_: u64) {
    let mut bytes = [0; LONGEST];
    loop {
        let buffers = Buffers::new().buffer(&mut bytes);
        let Ok(request) = long::receive(ThreadId::ANY, buffers) else {
            continue;
        };
        let length = request.message.string_lengths().next().unwrap_or(0);
        let text = &mut bytes[..length as usize];
        text.reverse();
        let sum = text.iter().map(|byte| u64::from(*byte)).sum();
        let answer = LongMessage::new(Message::new(9).words(&[length, sum])).string(text);
        // A client that does not wait loses the answer.
        let _ = long::reply(request.from, &answer);
    }
}

/// A client of [`reverse`] that has its buffers where it sends from.
pub(super) fn call_and_reply() -> Outcome {
    for plan in [worker::here(), worker::away()] {
        let server = worker::start(plan, reverse, 0)?;
        for length in [0, 1, 100, 1000] {
            arena::write(arena::source() + 4096, length, 40);
            arena::blank(arena::target(), 8192);
            let answer = Job::call(server)
                .tag(tag(2))
                .registers(1, string(length).as_slice())
                .buffers(buffer(1000).as_slice())
                .within(SOON, SOON)
                .now();
            answer.ok()?;
            hex("tag", answer.mr[0], Tag::new(9, 2, 2).raw())?;
            equal("length", answer.mr[1], length)?;
            for index in 0..length {
                let (at, back) = (arena::target() + 4096 + index, length - 1 - index);
                equal("a byte", arena::byte(at), arena::letter(40, back))?;
            }
            arena::is_blank(arena::target() + 4096 + length, 1000)?;
        }
    }
    Ok(())
}

/// The library's strings: in pieces both ways, cut, and with other receives in between.
pub(super) fn library() -> Outcome {
    let server = worker::start(worker::away(), reverse, 0)?;
    let text: [u8; 600] = core::array::from_fn(|index| arena::letter(41, index as u64));
    let (mut first, mut second) = ([0; 100], [0; 600]);
    let pieces =
        LongMessage::new(Message::new(1)).gather(&[&text[..10], &text[10..20], &text[20..]]);
    let buffers = Buffers::new().scatter([&mut first, &mut second]);
    let answer = long::call(server, &pieces, buffers)?;
    equal("length", answer.message.word_at(0), 600)?;
    check("one string", answer.message.string_lengths().eq([600]))?;
    let mut back = first.iter().chain(&second[..500]);
    check(
        "the text in reverse",
        text.iter().rev().all(|byte| back.next() == Some(byte)),
    )?;
    check(
        "nothing behind it",
        second[500..].iter().all(|byte| *byte == 0),
    )?;
    equal("what is accepted now", utcb::my().acceptor().raw(), 0)?;
    let short = long::call(server, &pieces, Buffers::new().buffer(&mut first[..7]));
    let error = short
        .err()
        .map(|error| (error.phase, error.code, error.offset));
    equal("error", error, Some((Phase::Receive, IpcCode::Overflow, 7)))?;
    let too_long = LongMessage::new(Message::new(1))
        .string(&text)
        .string(&text);
    let refused = long::call(server, &too_long, Buffers::new());
    let error = refused
        .err()
        .map(|error| (error.phase, error.code, error.offset));
    equal("error", error, Some((Phase::Send, IpcCode::Overflow, 600)))
}

/// Address of MR0 of a partner that `start`ed in a space of its own or in the test's.
fn mr0(id: ThreadId, away: bool) -> u64 {
    let block = if away { UTCB_AREA } else { ids::utcb(id) };
    block + 512
}

/// Message registers 32 to 63 as a string.
pub(super) fn from_a_utcb() -> Outcome {
    for (partner, away) in exchange::partners()?.into_iter().zip([false, true]) {
        let words: [u64; 31] = core::array::from_fn(|index| 0xF00D_0000 + index as u64);
        let items = Words::new().simple(mr0(partner.id, away) + 8 * 32, 8 * 31);
        arena::blank(arena::target() + 4096, 256);
        let both = meet(
            partner,
            Order::SenderFirst,
            |to| {
                Job::send(to)
                    .tag(tag(2))
                    .registers(1, items.as_slice())
                    .registers(32, &words)
            },
            |from| Job::receive(from).buffers(buffer(8 * 31).as_slice()),
        )?;
        both.succeed()?;
        for (index, byte) in words.iter().flat_map(|word| word.to_le_bytes()).enumerate() {
            equal(
                "a byte",
                arena::byte(arena::target() + 4096 + index as u64),
                byte,
            )?;
        }
    }
    Ok(())
}

/// A string into message registers 40 to 55 of the receiver.
pub(super) fn into_a_utcb() -> Outcome {
    arena::write(arena::source() + 4096, 128, 42);
    let word = |index: u64| {
        u64::from_le_bytes(core::array::from_fn(|byte| {
            arena::letter(42, 8 * index + byte as u64)
        }))
    };
    for (partner, away) in exchange::partners()?.into_iter().zip([false, true]) {
        let room = Words::new().simple(mr0(partner.id, away) + 8 * 40, 128);
        let before = [0xBEF0; 24];
        let both = meet(
            partner,
            Order::ReceiverFirst,
            |to| {
                Job::send(to)
                    .tag(tag(2))
                    .registers(1, string(128).as_slice())
            },
            |from| {
                Job::receive(from)
                    .registers(40, &before)
                    .buffers(room.as_slice())
            },
        )?;
        both.succeed()?;
        for index in 0..16 {
            hex(
                "a register",
                both.receiver.mr[40 + index as usize],
                word(index),
            )?;
        }
        equal("behind", &both.receiver.mr[56..], &before[..8])?;
    }
    Ok(())
}

/// Both strings in the same memory: downwards it is moved whole, upwards nothing else is touched.
pub(super) fn overlapping() -> Outcome {
    const LENGTH: u64 = 6000;
    let base = arena::target() + 4096;
    for partner in exchange::partners()? {
        for order in ORDERS {
            for distance in [1, 3, 7, 8, 9, 64, 4095, 4096] {
                arena::blank(base - 4096, 24_576);
                arena::write(base + distance, LENGTH, distance);
                let (low, high) = (
                    Words::new().simple(base, LENGTH),
                    Words::new().simple(base + distance, LENGTH),
                );
                strings(partner, order, high.as_slice(), low.as_slice())?.succeed()?;
                arena::holds(base, LENGTH, distance, 0)?;
                arena::holds(base + LENGTH, distance, distance, LENGTH - distance)?;
                strings(partner, order, low.as_slice(), high.as_slice())?.succeed()?;
                arena::holds(base, distance, distance, 0)?;
                arena::is_blank(base - 4096, 4096)?;
                arena::is_blank(base + distance + LENGTH, 4096)?;
            }
        }
    }
    Ok(())
}

/// Parts of a buffer at one place: the last one stays.
pub(super) fn parts_that_overlap() -> Outcome {
    arena::write(arena::source() + 4096, 64, 43);
    let place = arena::target() + 4096;
    let room = Words::new().then(&[8 << 10 | 7 << 4]).then(&[place; 8]);
    for partner in exchange::partners()? {
        for order in ORDERS {
            exchange::as_modelled(partner, order, string(64).as_slice(), room.as_slice())?;
            arena::holds(place, 8, 43, 56)?;
        }
    }
    Ok(())
}

/// Several who wait with strings are served in their order.
pub(super) fn queue_of_senders() -> Outcome {
    let part = |index: u64| arena::source() + 1000 * index;
    let mut queue = [None; 4];
    for (index, slot) in queue.iter_mut().enumerate() {
        let index = index as u64;
        arena::write(part(index), 900, 50 + index);
        let plan = if index.is_multiple_of(2) {
            worker::here()
        } else {
            worker::away()
        };
        let partner = exchange::partner(plan)?;
        let job = Job::send(thread::myself())
            .tag(tag(2))
            .registers(1, &[900 << 10, part(index)])
            .within(SOON, SOON);
        let started = partner.does(job)?;
        worker::until_state(partner.id, PendingSend)?;
        *slot = Some(started);
    }
    for (index, started) in queue.into_iter().flatten().enumerate() {
        let job = Job::receive(ThreadId::ANY).buffers(buffer(1000).as_slice());
        let got = job.within(SOON, SOON).now();
        got.ok()?;
        hex("item", got.mr[2], part(index as u64))?;
        arena::holds(arena::target() + 4096, 900, 50 + index as u64, 0)?;
        started.result()?.ok()?;
    }
    Ok(())
}

/// Who sent a string is told as with any message, and a local id names its receiver as well.
pub(super) fn ids_of_the_partners() -> Outcome {
    arena::write(arena::source() + 4096, 5000, 44);
    for (partner, away) in exchange::partners()?.into_iter().zip([false, true]) {
        let seen = if away { partner.id } else { local(partner.id)? };
        let me = thread::myself();
        for (order, from) in [(Order::SenderFirst, partner.id), (Order::ReceiverFirst, me)] {
            arena::blank(arena::target() + 4096, 5000);
            let both = meet(
                partner,
                order,
                |to| {
                    let to = if to == partner.id { seen } else { to };
                    Job::send(to)
                        .tag(tag(2))
                        .registers(1, string(5000).as_slice())
                },
                |_| Job::receive(ThreadId::ANY).buffers(buffer(5000).as_slice()),
            )?;
            both.succeed()?;
            let expected = if away { from } else { local(from)? };
            equal("from", both.receiver.from, expected)?;
            arena::holds(arena::target() + 4096, 5000, 44, 0)?;
        }
    }
    Ok(())
}
