//! Messages that do not fit: both sides learn it, with the number of bytes that had gone over, and
//! nothing beyond the cut is touched.

use l4::ThreadId;
use l4::abi::item::{CONTINUED, StringItem};
use l4::abi::schedule::ThreadState::PendingSend;

use super::exchange::{self, meet, strings, tag};
use super::shape::{Words, lay};
use super::shapes::{buffer, string};
use crate::harness::pair::{ORDERS, Order};
use crate::harness::partner::Partner;
use crate::harness::{Job, Outcome, SOON, arena, equal, hex, worker};

/// Address of the buffer of [`buffer`].
fn at() -> u64 {
    arena::target() + 4096
}

/// Runs `test` for both orders and both spaces, on a fresh text and blank memory.
#[track_caller]
fn everywhere(test: impl Fn(Partner, Order) -> Outcome) -> Outcome {
    arena::write(arena::source() + 4096, 8192, 20);
    for partner in exchange::partners()? {
        for order in ORDERS {
            arena::blank(arena::target(), 12_288);
            test(partner, order)?;
        }
    }
    Ok(())
}

pub(super) fn no_buffer() -> Outcome {
    everywhere(|partner, order| {
        let items = string(256);
        strings(partner, order, items.as_slice(), &[])?.overflow(0, tag(2))
    })
}

/// The buffers are there, but the acceptor does not take strings.
pub(super) fn not_accepted() -> Outcome {
    everywhere(|partner, order| {
        let (items, buffers) = (string(256), buffer(256));
        let both = meet(
            partner,
            order,
            |to| Job::send(to).tag(tag(2)).registers(1, items.as_slice()),
            |from| Job::receive(from).buffers(buffers.as_slice()).accepting(0),
        )?;
        both.overflow(0, tag(2))?;
        arena::is_blank(at(), 256)
    })
}

pub(super) fn too_short() -> Outcome {
    everywhere(|partner, order| {
        for (length, room) in [(256, 252), (1, 0), (4097, 4096), (8000, 7), (5000, 4999)] {
            arena::blank(at(), 8192);
            let (items, buffers) = (string(length), buffer(room));
            strings(partner, order, items.as_slice(), buffers.as_slice())?
                .overflow(room, tag(2))?;
            arena::holds(at(), room, 20, 0)?;
            arena::is_blank(at() + room, 8192 - room)?;
        }
        Ok(())
    })
}

/// What the first string leaves of the buffer is not the second one's, and neither is a buffer that
/// the first does not say is there.
pub(super) fn two_strings_one_buffer() -> Outcome {
    everywhere(|partner, order| {
        let items = string(128).simple(arena::source() + 4096 + 128, 128);
        let room = buffer(256).simple(at() + 512, 256);
        strings(partner, order, items.as_slice(), room.as_slice())?.overflow(128, tag(4))?;
        arena::holds(at(), 128, 20, 0)?;
        arena::is_blank(at() + 128, 1024)
    })
}

/// Two strings in parts into two buffers in parts, of which the second is four bytes short.
pub(super) fn complex() -> Outcome {
    everywhere(|partner, order| {
        let items = lay(
            &[&[(32, 4)], &[(64, 2)]],
            arena::source() + 4096,
            4096,
            false,
        );
        let buffers = lay(&[&[(64, 2)], &[(31, 4)]], at(), 4096, true);
        let both = strings(partner, order, items.as_slice(), buffers.as_slice())?;
        both.overflow(252, tag(8))?;
        super::exchange::as_modelled(partner, order, items.as_slice(), buffers.as_slice())
    })
}

/// A call whose message is cut has no receive phase: who waits to send to the caller waits on.
pub(super) fn failed_send_does_not_receive() -> Outcome {
    arena::write(arena::source() + 4096, 256, 20);
    let me = l4::thread::myself();
    let waiting = Job::send(me).words(1, 1, 1).start(worker::here())?;
    worker::until_state(waiting.id, PendingSend)?;
    let receiver = exchange::partner(worker::away())?;
    let short = buffer(100);
    let received = receiver.does(Job::receive(me).buffers(short.as_slice()))?;
    worker::until_waiting(&[receiver.id])?;
    let sent = Job::new(receiver.id, ThreadId::ANY)
        .tag(tag(2))
        .registers(1, string(256).as_slice())
        .within(SOON, SOON)
        .now();
    sent.error_with_tag(8 + 16 * 100, tag(2))?;
    received.result()?.error_with_tag(9 + 16 * 100, tag(2))?;
    equal(
        "the sender",
        l4::schedule::state(waiting.id),
        Ok(PendingSend),
    )
}

/// The first word of an item is there before any check, a pointer when its part begins, and the
/// registers behind keep what was in them.
pub(super) fn descriptors_up_to_the_cut() -> Outcome {
    const BEFORE: [u64; 8] = [0xB1, 0xB2, 0xB3, 0xB4, 0xB5, 0xB6, 0xB7, 0xB8];
    everywhere(|partner, order| {
        let first = StringItem::new(100, 3).raw();
        let part = |index: u64| arena::source() + 4096 + 100 * index;
        let items = [first, part(0), part(2), part(1), 2, 3];
        for (room, arrive) in [(None, 1), (Some(50), 2), (Some(150), 3), (Some(201), 4)] {
            let short = buffer(room.unwrap_or(0));
            let both = meet(
                partner,
                order,
                |to| Job::send(to).tag(tag(6)).registers(1, &items),
                |from| {
                    let job = Job::receive(from)
                        .registers(1, &BEFORE)
                        .buffers(short.as_slice());
                    if room.is_none() {
                        job.accepting(0)
                    } else {
                        job
                    }
                },
            )?;
            both.overflow(room.unwrap_or(0), tag(6))?;
            equal("items", &both.receiver.mr[1..=arrive], &items[..arrive])?;
            equal(
                "the rest",
                &both.receiver.mr[arrive + 1..9],
                &BEFORE[arrive..],
            )?;
        }
        let words = Words::new().simple(part(0), 10).simple(part(1), 10);
        let one = buffer(10).with_bits(0, CONTINUED);
        let both = strings(partner, order, words.as_slice(), one.as_slice())?;
        both.overflow(10, tag(4))?;
        hex("second item", both.receiver.mr[3], 10 << 10)
    })
}
