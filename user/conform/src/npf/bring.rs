//! Pagers that bring the page in the end, each in its way.

use l4::abi::item::{CONTINUED, StringItem};
use l4::thread::Builder;
use l4::{Acceptor, Tag};

use crate::harness::pair::{ORDERS, Order, Pair, SIDES, Side};
use crate::harness::raw::thread_control;
use crate::harness::script::{Act, Script};
use crate::harness::{Job, Outcome, SOON, arena, equal, hex, raw, worker};

/// A string of this length.
const LENGTH: u64 = 20_000;
/// Where it is in the windows.
const FROM: u64 = 100;
const TO: u64 = 4096 + 2000;

/// Sends the string in both orders between pairs whose pages are all missing and whose pagers act
/// like this. Returns the last pair.
#[track_caller]
fn with_pagers(acts: &[Act], otherwise: Act) -> Outcome {
    for order in ORDERS {
        let pair = Pair::start()?;
        for side in SIDES {
            pair.pager_of(side).acts(acts);
            pair.pager_of(side).otherwise(otherwise);
        }
        pair.prepare(FROM, TO, LENGTH, 10);
        pair.begin(order, pair.send(FROM, LENGTH), pair.receive(TO, LENGTH))?
            .succeeds()?;
        pair.arrived(TO, LENGTH, 10)?;
        for (side, pages) in [(Side::Sender, 5), (Side::Receiver, 6)] {
            // An act that does not bring the page costs a fault.
            let idle = |act: &&Act| matches!(act, Act::Empty | Act::Wrong);
            let faults = pages + acts.iter().filter(idle).count() as u64;
            equal("faults", pair.pager_of(side).faults(), faults)?;
        }
    }
    Ok(())
}

/// The pages of the two sides begin at different bytes, so that faults come in turns.
pub(super) fn alternately() -> Outcome {
    with_pagers(&[], Act::Map)
}

pub(super) fn slowly() -> Outcome {
    with_pagers(&[], Act::Slow(3_000))
}

pub(super) fn after_empty_answers() -> Outcome {
    with_pagers(&[Act::Empty; 5], Act::Map)?;
    let now_and_then = [Act::Map, Act::Empty, Act::Map, Act::Empty, Act::Empty];
    with_pagers(&now_and_then, Act::Map)
}

pub(super) fn after_wrong_pages() -> Outcome {
    with_pagers(&[Act::Wrong; 4], Act::Map)?;
    with_pagers(&[Act::Map, Act::Wrong, Act::Empty, Act::Wrong], Act::Map)
}

/// The answer to a fault is a message that is preempted itself: it leaves the one in which the fault was alone.
pub(super) fn with_many_pages() -> Outcome {
    for order in ORDERS {
        let pair = Pair::start()?;
        for side in SIDES {
            pair.pager_of(side).otherwise(Act::Region);
        }
        const FAR: u64 = 300_000;
        pair.prepare(FROM, TO, FAR, 11);
        pair.begin(order, pair.send(FROM, FAR), pair.receive(TO, FAR))?
            .succeeds()?;
        pair.arrived(TO, FAR, 11)?;
        for side in SIDES {
            equal("faults", pair.pager_of(side).faults(), 2)?;
        }
    }
    Ok(())
}

/// Several strings in a message with words, all of whose pages are missing.
#[track_caller]
fn many_strings(act: Act) -> Outcome {
    const PART: u64 = 5000;
    for order in ORDERS {
        let pair = Pair::start()?;
        for side in SIDES {
            pair.pager_of(side).otherwise(act);
        }
        let (from, to) = (
            |index| 0x8000 * index + 10,
            |index| 0x1_0000 + 0x8000 * index + 4000,
        );
        // Two simple strings and one in two parts; words before them.
        let part = StringItem::new(PART, 1).raw();
        let two = StringItem::new(PART, 2).raw();
        let at = |offset| pair.source.at(offset);
        let items = [
            part,
            at(from(0)),
            two,
            at(from(1)),
            at(from(2)),
            part,
            at(from(3)),
        ];
        let place = |offset| pair.target.at(offset);
        let buffers = [
            part | CONTINUED,
            place(to(0)),
            two | CONTINUED,
            place(to(2)),
            place(to(1)),
            part,
            place(to(3)),
        ];
        for index in 0..4 {
            arena::write(pair.source.memory(from(index)), PART, 20 + index);
            arena::blank(pair.target.memory(to(index)) - 4096, PART + 8192);
        }
        let tag = Tag::new(0x57, 20, items.len()).raw();
        let send = Job::send(pair.receiver.id)
            .words(0x57, 20, 700)
            .tag(tag)
            .registers(21, &items)
            .within(SOON, SOON);
        let (_, received) = pair
            .begin(order, send, pair.receive_into(&buffers))?
            .succeeds()?;
        hex("tag", received.mr[0], tag)?;
        for index in 0..20 {
            equal("a word", received.mr[1 + index], 700 + index as u64)?;
        }
        equal("items", &received.mr[21..28], &items[..])?;
        equal("buffers", &received.br[..7], &buffers[..])?;
        for (index, seed) in [(0, 20), (2, 21), (1, 22), (3, 23)] {
            pair.arrived(to(index), PART, seed)?;
        }
    }
    Ok(())
}

pub(super) fn several_strings() -> Outcome {
    many_strings(Act::Map)
}

/// An answer with more words than a fault needs damages neither the message nor the partner.
pub(super) fn with_63_words() -> Outcome {
    with_pagers(&[], Act::Wide)?;
    many_strings(Act::Wide)
}

/// Pagers that are no threads of the root task.
pub(super) fn from_another_space() -> Outcome {
    for order in ORDERS {
        let mut pair = Pair::start()?;
        let plan = || -> Builder { worker::away().priority(150) };
        pair.source = Script::start_as(0, plan())?;
        pair.target = Script::start_as(1, plan())?;
        for side in SIDES {
            let (of, pager) = (pair.of(side).id.raw(), pair.pager_of(side).id.raw());
            let verdict = thread_control(of, of, 0, pager, l4::abi::layout::NOT_GIVEN);
            equal("a new pager", verdict, raw::DONE)?;
        }
        pair.prepare(FROM, TO, LENGTH, 11);
        pair.begin(order, pair.send(FROM, LENGTH), pair.receive(TO, LENGTH))?
            .succeeds()?;
        pair.arrived(TO, LENGTH, 11)?;
        equal(
            "faults",
            (pair.source.faults(), pair.target.faults()),
            (5, 6),
        )?;
    }
    Ok(())
}

/// All of the longest string, 64 KiB with each answer.
pub(super) fn four_mebibytes() -> Outcome {
    const ALL: u64 = 4 << 20;
    let pair = Pair::start()?;
    for side in SIDES {
        pair.pager_of(side).otherwise(Act::Chunk);
    }
    pair.prepare(0, 4096, ALL, 12);
    pair.begin(
        Order::ReceiverFirst,
        pair.send(0, ALL),
        pair.receive(4096, ALL),
    )?
    .succeeds()?;
    pair.arrived(4096, ALL, 12)?;
    equal(
        "faults",
        (pair.source.faults(), pair.target.faults()),
        (64, 65),
    )
}

/// Windows that begin 32 KiB below a multiple of 1 GiB, where higher tables end.
pub(super) fn across_a_gibibyte() -> Outcome {
    for order in ORDERS {
        let mut pair = Pair::start()?;
        pair.source = pair.source.moved_to(0x8000_0000 - 0x8000);
        pair.target = pair.target.moved_to(0x80_0000_0000 - 0x8000);
        let length = 0x1_0000;
        pair.prepare(1, 4099, length, 13);
        pair.begin(order, pair.send(1, length), pair.receive(4099, length))?
            .succeeds()?;
        pair.arrived(4099, length, 13)?;
        equal(
            "faults",
            (pair.source.faults(), pair.target.faults()),
            (17, 17),
        )?;
    }
    Ok(())
}

/// A call with a string, answered with a string; all pages missing.
pub(super) fn both_ways_in_a_call() -> Outcome {
    let pair = Pair::start()?;
    // The answer goes from the server's window to the client's, behind the question.
    let answer_at = 0x2_0000;
    pair.prepare(FROM, TO, LENGTH, 14);
    arena::write(pair.target.memory(answer_at), LENGTH, 15);
    arena::blank(pair.source.memory(answer_at), LENGTH + 4096);
    let string = |address| [StringItem::new(LENGTH, 1).raw(), address];
    let call = Job::call(pair.receiver.id)
        .tag(Tag::new(0x57, 0, 2).raw())
        .registers(1, &string(pair.source.at(FROM)))
        .accepting(Acceptor::STRINGS)
        .buffers(&string(pair.source.at(answer_at + 30)))
        .within(SOON, SOON);
    let asked = pair.receiver.does(pair.receive(TO, LENGTH))?;
    worker::until_waiting(&[pair.receiver.id])?;
    let called = pair.sender.does(call)?;
    asked.result()?.ok()?;
    pair.arrived(TO, LENGTH, 14)?;
    let reply = Job::send(pair.sender.id)
        .tag(Tag::new(0x58, 0, 2).raw())
        .registers(1, &string(pair.target.at(answer_at)))
        .within(SOON, SOON);
    let replied = pair.receiver.does(reply)?;
    replied.result()?.ok()?;
    let answer = called.result()?;
    answer.ok()?;
    hex("tag", answer.mr[0], Tag::new(0x58, 0, 2).raw())?;
    let place = pair.source.memory(answer_at + 30);
    arena::holds(place, LENGTH, 15, 0)?;
    arena::is_blank(place + LENGTH, 1000)
}
