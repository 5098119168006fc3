//! Timeouts and other errors between CPUs.

use l4::{Fpage, MapItem, Rights, Tag, ThreadId, Time, ipc, thread};

use super::{far_away, there};
use crate::harness::failure::at_least;
use crate::harness::{
    A_WHILE, Job, Outcome, SOON, board, check, equal, hex, ids, micros_of, pause, until, worker,
};

const ZERO: Time = Time::ZERO;
const NEVER: Time = Time::NEVER;

#[track_caller]
fn deaf() -> Result<ThreadId, crate::harness::Failure> {
    let id = worker::start(far_away(), |_| ipc::park(), 0)?;
    worker::until_waiting(&[id])?;
    Ok(id)
}

pub(super) fn zero_timeouts() -> Outcome {
    let deaf = deaf()?;
    Job::send(deaf)
        .words(7, 2, 1)
        .within(ZERO, NEVER)
        .now()
        .bare_error(2)?;
    Job::call(deaf)
        .words(7, 2, 1)
        .within(ZERO, ZERO)
        .now()
        .bare_error(2)?;
    Job::receive(deaf).within(NEVER, ZERO).now().bare_error(3)?;
    let ready = Job::receive(ThreadId::ANY).start(there())?;
    worker::until_waiting(&[ready.id])?;
    Job::send(ready.id)
        .words(7, 2, 1)
        .within(ZERO, NEVER)
        .now()
        .ok()?;
    ready.result()?.carries(7, 2, 1, Tag::CROSS_CPU)
}

pub(super) fn finite_timeouts() -> Outcome {
    let deaf = deaf()?;
    let tag = Tag::new(7, 2, 0).raw();
    for job in [
        Job::send(deaf),
        Job::call(deaf),
        Job::new(deaf, ThreadId::ANY),
    ] {
        let done = job.words(7, 2, 1).within(A_WHILE, A_WHILE).now();
        done.error_with_tag(2, tag)?;
        at_least("time", done.micros, micros_of(A_WHILE))?;
    }
    let done = Job::receive(deaf).within(A_WHILE, A_WHILE).now();
    done.bare_error(3)?;
    at_least("time", done.micros, micros_of(A_WHILE))
}

/// The message of a call arrives, but no answer.
pub(super) fn answer_does_not_come() -> Outcome {
    for time in [ZERO, Time::period(1_000), A_WHILE] {
        let silent = Job::receive(ThreadId::ANY).start(far_away())?;
        worker::until_waiting(&[silent.id])?;
        let done = Job::call(silent.id).words(6, 1, 6).within(SOON, time).now();
        done.bare_error(3)?;
        at_least("time", done.micros, micros_of(time))?;
        silent.result()?.carries(6, 1, 6, Tag::CROSS_CPU)?;
    }
    Ok(())
}

pub(super) fn nobody() -> Outcome {
    let dead = worker::start(far_away(), |_| ipc::park(), 0)?;
    thread::delete(dead)?;
    for job in [Job::send(dead), Job::call(dead)] {
        job.words(1, 1, 1).now().bare_error(4)?;
        job.words(1, 1, 1).within(ZERO, ZERO).now().bare_error(4)?;
    }
    Job::receive(dead).now().bare_error(5)?;
    let id = ids::next_version(dead);
    let again = Job::receive(ThreadId::ANY).start(far_away().id(id))?;
    worker::until_waiting(&[id])?;
    Job::send(dead).now().bare_error(4)?;
    Job::send(id).words(2, 1, 2).within(SOON, SOON).now().ok()?;
    again.result()?.carries(2, 1, 2, Tag::CROSS_CPU)?;
    thread::delete(id)?;
    Ok(())
}

/// Both see it; the untyped word arrives.
pub(super) fn overflow() -> Outcome {
    let fpage = Fpage::new(0x100_0000, 12, Rights::READ);
    let item = MapItem {
        send_base: 0,
        fpage,
    }
    .words();
    let tag = Tag::new(3, 1, 2).raw();
    let receiver = Job::receive(ThreadId::ANY).start(far_away())?;
    worker::until_waiting(&[receiver.id])?;
    let job = Job::send(receiver.id)
        .tag(tag)
        .registers(1, &[5, item[0], item[1]]);
    job.within(SOON, SOON).now().error_with_tag(8, tag)?;
    let got = receiver.result()?;
    got.error_with_tag(9, tag | Tag::CROSS_CPU)?;
    hex("MR1", got.mr[1], 5)?;
    let tag = Tag::new(3, 60, 4).raw();
    let receiver = Job::receive(ThreadId::ANY).start(there())?;
    worker::until_waiting(&[receiver.id])?;
    Job::send(receiver.id)
        .tag(tag)
        .within(SOON, SOON)
        .now()
        .error_with_tag(8, tag)?;
    receiver.result()?.error_with_tag(9, tag | Tag::CROSS_CPU)
}

/// Two threads that send to each other wait until their times are over.
pub(super) fn both_call_each_other() -> Outcome {
    for _ in 0..10 {
        let (a, b) = (ids::fresh(), ids::fresh());
        board::put(2, 0);
        board::put(20, b.raw());
        board::put(21, a.raw());
        worker::start(worker::here().id(a), wait_for_go, 0)?;
        worker::start(there().id(b), wait_for_go, 1)?;
        worker::until_waiting(&[a, b])?;
        for id in [a, b] {
            ipc::send_within(id, &l4::Message::new(0), SOON)?;
        }
        until("both have given up", || board::get(2) == 2)?;
        equal("errors", (board::get(10), board::get(11)), (2, 2))?;
        thread::delete(a)?;
        thread::delete(b)?;
    }
    Ok(())
}

/// Waits for a message, then calls the thread on the board.
fn wait_for_go(index: u64) {
    if ipc::wait().is_err() {
        return;
    }
    let partner = ThreadId::from_raw(board::get(20 + index as usize));
    let done = Job::call(partner)
        .words(9, 1, 1)
        .within(Time::period(3_000), NEVER)
        .now();
    board::put(10 + index as usize, done.error);
    board::add(2, 1);
}

fn send_with_short_timeouts(to: u64) {
    let to = ThreadId::from_raw(to);
    for round in 0..400 {
        let time = Time::period(100 + round % 17 * 90);
        let done = Job::send(to).words(1, 1, round).within(time, NEVER).now();
        match done.error {
            2 => board::add(1, 1),
            crate::harness::raw::UNTOUCHED => board::add(0, 1),
            other => board::add(3, other),
        };
    }
    board::put(2, 1);
}

/// A message whose sender was told that it arrived has arrived, and no other.
pub(super) fn timeout_races_with_receiver() -> Outcome {
    let sender = worker::start(there(), send_with_short_timeouts, thread::myself().raw())?;
    let mut random = crate::harness::regular::Random::new(3);
    let (mut got, mut last) = (0, None);
    while board::get(2) == 0 {
        let done = Job::receive(sender).within(NEVER, Time::period(500)).now();
        if done.ok().is_ok() {
            got += 1;
            check("in order, once each", last < Some(done.mr[1]))?;
            last = Some(done.mr[1]);
        }
        pause(100 + random.below(1200));
    }
    while Job::receive(sender)
        .within(NEVER, A_WHILE)
        .now()
        .ok()
        .is_ok()
    {
        got += 1;
    }
    equal("unexpected errors", board::get(3), 0)?;
    equal("received, sent", got, board::get(0))?;
    equal("sent and given up", board::get(0) + board::get(1), 400)
}

pub(super) fn timed_out_sender_left_the_queue() -> Outcome {
    let me = thread::myself();
    let first = Job::send(me)
        .words(1, 0, 0)
        .within(A_WHILE, SOON)
        .start(there())?;
    let second = Job::send(me).words(2, 0, 0).start(far_away())?;
    first.result()?.error_with_tag(2, Tag::new(1, 0, 0).raw())?;
    Job::receive(ThreadId::ANY)
        .within(SOON, SOON)
        .now()
        .carries(2, 0, 0, Tag::CROSS_CPU)?;
    second.result()?.ok()?;
    Job::receive(ThreadId::ANY)
        .within(ZERO, ZERO)
        .now()
        .bare_error(3)
}
