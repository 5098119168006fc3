//! Who wakes up a CPU, and when it looks.

use l4::control::{Counter, Point, counter};
use l4::{Tag, ThreadId, Time, schedule};

use super::{hold, not_yet, on_1, on_2, release, sending, until_held, waiting};
use crate::harness::partner::Partner;
use crate::harness::regular::spin;
use crate::harness::{Job, Outcome, SOON, board, check, equal, until, worker};

/// More turns of what a CPU takes than interrupts can wait for it when it is let go: each of those is good for one.
const BACKLOG: u64 = 180;

/// A message comes when CPU 1, which becomes idle, is at `point`: it is noticed at once, though nothing else happens there.
#[track_caller]
fn comes_at(point: Point) -> Outcome {
    for round in 0..3 {
        let receiver = waiting(on_1())?;
        hold(1, point);
        // Something for it to do, after which it is idle again.
        let nudge = worker::perform_later(worker::here(), look, receiver.id.raw())?;
        until_held(1)?;
        let sender = sending(Job::send(receiver.id).words(1, 1, round))?;
        not_yet(&sender)?;
        release(1);
        sender.result()?.ok()?;
        receiver.result()?.carries(1, 1, round, Tag::CROSS_CPU)?;
        nudge.value()?;
    }
    Ok(())
}

/// Asks for the state of a thread.
fn look(thread: u64) -> u64 {
    u64::from(schedule::state(ThreadId::from_raw(thread)).is_ok())
}

pub(super) fn push_before_it_halts() -> Outcome {
    comes_at(Point::Polled)
}

pub(super) fn push_as_it_halts() -> Outcome {
    comes_at(Point::Halting)
}

pub(super) fn push_behind_the_last() -> Outcome {
    comes_at(Point::Drained)
}

/// The first sender is held up before it rings, the second relies on it: a busy CPU looks at its next tick.
pub(super) fn nobody_rings() -> Outcome {
    let (first, second) = (waiting(on_1())?, waiting(on_1())?);
    worker::start(on_1().priority(20).slice(Time::NEVER), spin, 0)?;
    until("the CPU is busy", || board::get(0) > 0)?;
    let late = Job::send(first.id).words(1, 0, 0).gated(on_2())?;
    late.until_there()?;
    hold(2, Point::Pushed);
    let late = late.go();
    until_held(2)?;
    Job::send(second.id)
        .words(2, 0, 0)
        .within(SOON, SOON)
        .now()
        .ok()?;
    second.result()?.carries(2, 0, 0, Tag::CROSS_CPU)?;
    first.result()?.carries(1, 0, 0, Tag::CROSS_CPU)?;
    not_yet(&late)?;
    release(2);
    late.result()?.ok()
}

/// What the counter was when the message came.
fn receive_and_look(_: u64) {
    let got = Job::receive(ThreadId::ANY).now();
    board::put(2, board::get(0));
    board::put(3, got.mr[1]);
}

/// The interrupt comes while CPU 1 is in the kernel for somebody else, with a third thread ready: whom the message is for,
/// and who outranks both, runs next.
pub(super) fn ring_in_the_kernel() -> Outcome {
    let urgent = worker::start(on_1().priority(150), receive_and_look, 0)?;
    worker::until_waiting(&[urgent])?;
    let other = waiting(on_2())?;
    let asker = Job::send(other.id).gated(on_1())?;
    worker::start(on_1().priority(50), spin, 0)?;
    asker.until_there()?;
    hold(1, Point::Pushed);
    let asker = asker.go();
    until_held(1)?;
    let then = board::get(0);
    let sender = sending(Job::send(urgent).words(1, 1, 77))?;
    release(1);
    sender.result()?.ok()?;
    asker.result()?.ok()?;
    until("the urgent one ran", || board::get(3) == 77)?;
    equal("rounds of the other before it", board::get(2), then)?;
    until("the other runs", || board::get(0) > then)
}

/// Messages for a thread that takes none yet, many turns of them, all there at once: they wake nobody up. A CPU that has
/// nothing else to do takes them, though no interrupt and no tick comes any more.
pub(super) fn idle_with_a_backlog() -> Outcome {
    let receiver = Partner::start(on_1())?;
    hold(1, Point::Request);
    let first = sending(Job::send(receiver.id))?;
    until_held(1)?;
    for _ in 1..BACKLOG {
        sending(Job::send(receiver.id))?;
    }
    let taken = || counter(1, Counter::RemoteRequests).unwrap_or(0);
    let before = taken();
    release(1);
    until("all are taken", || taken() - before >= BACKLOG - 1)?;
    check("it took no message", !first.is_done())?;
    let receives = || {
        let job = Job::receive(ThreadId::ANY).within(SOON, SOON);
        receiver.does(job)?.result()?.ok()
    };
    receives()?;
    first.result()?.ok()?;
    (1..BACKLOG).try_for_each(|_| receives())
}
