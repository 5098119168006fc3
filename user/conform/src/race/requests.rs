//! What can happen to a message between its sender's CPU and its receiver's.

use l4::abi::exregs::{RECEIVE, SEND};
use l4::abi::schedule::ThreadState::PendingSend;
use l4::control::Point;
use l4::{Tag, ThreadId, Time, schedule};

use super::{
    hold, in_time, is_held, move_to, not_yet, on_1, on_2, release, sending, until_held, waiting,
};
use crate::harness::gate::Gate;
use crate::harness::partner::Partner;
use crate::harness::raw::{self, DONE};
use crate::harness::{
    A_WHILE, Job, Outcome, SOON, board, check, equal, ids, micros_of, pause, until, worker,
};

const NEVER: Time = Time::NEVER;
const LABEL: u64 = 0x11;

/// The tag of what is sent, and of an error in its send phase.
const TAG: u64 = Tag::new(LABEL, 1, 0).raw();

/// A message of a word.
fn send(to: ThreadId) -> Job {
    Job::send(to).words(LABEL, 1, 7)
}

/// Deletes the thread on the board when the gate opens.
fn delete_at_gate(gate: u64) {
    Gate::of(gate).pass();
    board::put(2, raw::delete(ThreadId::from_raw(board::get(1))).pack());
}

/// The receive timeout is over when the request is in the mailbox of the receiver's CPU: nobody has rung for it, and the
/// tick comes first. The sender waits, and the receiver's next receive phase finds it.
pub(super) fn receiver_gives_up_first() -> Outcome {
    let receiver = Partner::start(on_1())?;
    let sender = send(receiver.id).within(SOON, NEVER).gated(on_2())?;
    let victim = worker::start(on_1(), |_| l4::ipc::park(), 0)?;
    worker::until_waiting(&[victim])?;
    board::put(1, victim.raw());
    let gate = Gate::shut(0);
    worker::start(on_1().priority(20), delete_at_gate, 0)?;
    gate.until_there()?;
    let first = receiver.does(Job::receive(sender.job.id).within(NEVER, Time::period(50_000)))?;
    // CPU 1 is in a system call of its own until the time is over, and the request comes meanwhile.
    hold(1, Point::Finishing);
    gate.open();
    until_held(1)?;
    sender.until_there()?;
    hold(2, Point::Pushed);
    let sender = sender.go();
    until_held(2)?;
    pause(60_000);
    release(1);
    first.result()?.bare_error(3)?;
    not_yet(&sender)?;
    release(2);
    worker::until_state(sender.id, PendingSend)?;
    let second = receiver.does(Job::receive(sender.id).within(NEVER, SOON))?;
    second.result()?.carries(LABEL, 1, 7, Tag::CROSS_CPU)?;
    sender.result()?.ok()?;
    equal("deletion", board::get(2), DONE.pack())
}

/// The message was delivered before the sender's time was over, though its CPU hears of it afterwards.
pub(super) fn answer_after_the_timeout() -> Outcome {
    in_time(|time| {
        let receiver = waiting(on_1())?;
        hold(1, Point::Replying);
        let sender = send(receiver.id)
            .within(time, NEVER)
            .start(worker::here())?;
        until_held(1)?;
        // This sleep ends later than the sender's time, by the same clock and the same CPU's tick.
        pause(3 * micros_of(time));
        let waits = !sender.is_done();
        release(1);
        let done = sender.result()?;
        if done.error == 2 {
            return Ok(false);
        }
        check("it was not told before", waits)?;
        done.ok()?;
        receiver.result()?.carries(LABEL, 1, 7, Tag::CROSS_CPU)?;
        Ok(true)
    })
}

/// The answer is handled while the tick that ends the sender's time waits: one of the two wakes it, once.
pub(super) fn answer_and_tick_at_once() -> Outcome {
    in_time(|time| {
        let receiver = waiting(on_1())?;
        let caller = Job::call(receiver.id)
            .words(LABEL, 1, 7)
            .within(time, SOON)
            .gated(on_2())?;
        hold(2, Point::Answer);
        let caller = caller.go();
        until_held(2)?;
        pause(3 * micros_of(time));
        let arrived = receiver.is_done();
        release(2);
        if !arrived {
            return caller.result()?.error_with_tag(2, TAG).map(|()| false);
        }
        not_yet(&caller)?;
        // It is in its receive phase, and whole.
        raw::control(caller.id, SEND | RECEIVE);
        caller.result()?.bare_error(7)?;
        receiver.result()?.carries(LABEL, 1, 7, Tag::CROSS_CPU)?;
        Ok(true)
    })
}

/// The sender's time is over when its request is in the other mailbox: it is not delivered.
pub(super) fn timeout_before_it_is_handled() -> Outcome {
    let receiver = waiting(on_1())?;
    hold(1, Point::Request);
    let sender = send(receiver.id)
        .within(A_WHILE, NEVER)
        .start(worker::here())?;
    until_held(1)?;
    pause(60_000);
    not_yet(&sender)?;
    release(1);
    sender.result()?.error_with_tag(2, TAG)?;
    not_yet(&receiver)?;
    send(receiver.id).within(SOON, NEVER).now().ok()?;
    receiver.result()?.carries(LABEL, 1, 7, Tag::CROSS_CPU)
}

/// The same by ExchangeRegisters.
pub(super) fn aborted_before_it_is_handled() -> Outcome {
    let receiver = waiting(on_1())?;
    for job in [
        send(receiver.id),
        Job::call(receiver.id).words(LABEL, 1, 7),
        send(receiver.id).within(A_WHILE, NEVER),
    ] {
        hold(1, Point::Request);
        let sender = job.start(worker::here())?;
        until_held(1)?;
        // The receive phase of a call has not begun: alone it is not cancelled.
        equal("control", raw::control(sender.id, RECEIVE).1.control, SEND)?;
        equal("control", raw::control(sender.id, SEND).1.control, SEND)?;
        // A time that is over afterwards changes nothing.
        pause(60_000);
        not_yet(&sender)?;
        release(1);
        sender.result()?.error_with_tag(6, TAG)?;
        not_yet(&receiver)?;
    }
    send(receiver.id).within(SOON, NEVER).now().ok()?;
    receiver.result()?.carries(LABEL, 1, 7, Tag::CROSS_CPU)
}

/// Delivered already: a send ends well, a call is cancelled in its receive phase.
pub(super) fn aborted_after_delivery() -> Outcome {
    for (is_call, bits) in [
        (false, SEND | RECEIVE),
        (true, SEND | RECEIVE),
        (true, SEND),
    ] {
        let receiver = waiting(on_1())?;
        hold(1, Point::Replying);
        let job = if is_call {
            // With a timeout, so that its end is told.
            Job::call(receiver.id).words(LABEL, 1, 7).within(SOON, SOON)
        } else {
            send(receiver.id)
        };
        let sender = job.start(worker::here())?;
        until_held(1)?;
        raw::control(sender.id, bits);
        not_yet(&sender)?;
        release(1);
        receiver.result()?.carries(LABEL, 1, 7, Tag::CROSS_CPU)?;
        if is_call && bits & RECEIVE != 0 {
            sender.result()?.bare_error(7)?;
        } else if is_call {
            not_yet(&sender)?;
            raw::control(sender.id, RECEIVE);
            sender.result()?.bare_error(7)?;
        } else {
            sender.result()?.ok()?;
        }
    }
    Ok(())
}

/// The message is queued at its receiver, and wanted back, for one reason and then for another, while its CPU is held
/// before it hears of it.
pub(super) fn recalled() -> Outcome {
    let busy = worker::start(on_1(), |_| l4::ipc::park(), 0)?;
    worker::until_waiting(&[busy])?;
    in_time(|time| {
        hold(1, Point::Cancel);
        let sender = send(busy).within(time, NEVER).start(worker::here())?;
        // The time is over here or there; if before its message was queued, that says so.
        until("an end", || is_held(1) || sender.is_done())?;
        if sender.is_done() {
            return sender.result()?.error_with_tag(2, TAG).map(|()| false);
        }
        raw::control(sender.id, SEND);
        not_yet(&sender)?;
        release(1);
        sender.result()?.error_with_tag(6, TAG)?;
        Ok(true)
    })?;
    let sender = sending(send(busy))?;
    // An answer from there: the message is queued.
    schedule::state(busy)?;
    hold(1, Point::Cancel);
    raw::control(sender.id, SEND);
    until_held(1)?;
    raw::control(sender.id, SEND);
    not_yet(&sender)?;
    release(1);
    sender.result()?.error_with_tag(6, TAG)?;
    // Nothing of it is left there.
    equal("deletion", raw::delete(busy), DONE)
}

/// The receiver moves on from CPU 1 to CPU 2, the request follows, and the sender's time is over when it is before the
/// receiver; then the same in time.
pub(super) fn timeout_while_forwarded() -> Outcome {
    for time in [A_WHILE, SOON] {
        let id = ids::fresh();
        let receiver = waiting(on_1().id(id))?;
        hold(1, Point::Control);
        let moved = move_to(id, 2)?;
        until_held(1)?;
        let sender = sending(send(id).within(time, NEVER))?;
        hold(2, Point::Request);
        release(1);
        until_held(2)?;
        moved.succeeds()?;
        pause(60_000);
        not_yet(&sender)?;
        release(2);
        if time == SOON {
            sender.result()?.ok()?;
        } else {
            sender.result()?.error_with_tag(2, TAG)?;
            not_yet(&receiver)?;
            send(id).within(SOON, NEVER).now().ok()?;
        }
        receiver.result()?.carries(LABEL, 1, 7, Tag::CROSS_CPU)?;
    }
    Job::receive(ThreadId::ANY)
        .within(Time::ZERO, Time::ZERO)
        .now()
        .bare_error(3)
}
