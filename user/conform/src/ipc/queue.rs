//! Who meets whom, and in which order.

use l4::abi::schedule::ThreadState::PendingSend;
use l4::{Message, Tag, ThreadId, Time, Timeouts, clock, ipc, schedule, thread};

use crate::harness::failure::at_least;
use crate::harness::regular::local;
use crate::harness::{Job, Outcome, SOON, board, check, equal, hex, micros_of, until, worker};

const ZERO: Time = Time::ZERO;

/// A closed receive passes over others that wait.
pub(super) fn closed_receive() -> Outcome {
    let me = thread::myself();
    let first = Job::send(me).words(1, 1, 1).start(worker::here())?;
    worker::until_state(first.id, PendingSend)?;
    let second = Job::send(me).words(2, 1, 2).start(worker::away())?;
    worker::until_state(second.id, PendingSend)?;
    Job::receive(second.id)
        .within(SOON, SOON)
        .now()
        .carries(2, 1, 2, 0)?;
    worker::until_state(first.id, PendingSend)?;
    Job::receive(first.id)
        .within(SOON, SOON)
        .now()
        .carries(1, 1, 1, 0)
}

/// Waiting senders are served in the order in which they came, whatever their priority.
pub(super) fn first_come_first_served() -> Outcome {
    let me = thread::myself();
    for label in 0..8 {
        let plan = if label % 2 == 0 {
            worker::here()
        } else {
            worker::away()
        };
        let sender = Job::send(me)
            .words(label, 1, label)
            .start(plan.priority(100 + label as u8))?;
        worker::until_state(sender.id, PendingSend)?;
    }
    for label in 0..8 {
        Job::receive(ThreadId::ANY)
            .within(SOON, SOON)
            .now()
            .carries(label, 1, label, 0)?;
    }
    Job::receive(ThreadId::ANY)
        .within(ZERO, ZERO)
        .now()
        .bare_error(3)
}

/// A thread that waits for someone else is not ready for this sender, and goes on waiting.
pub(super) fn wrong_wait() -> Outcome {
    let other = Job::receive(ThreadId::ANY).start(worker::here())?;
    let receiver = Job::receive(other.id).start(worker::here())?;
    worker::until_waiting(&[other.id, receiver.id])?;
    Job::send(receiver.id)
        .within(ZERO, ZERO)
        .now()
        .bare_error(2)?;
    check("the receiver still waits", !receiver.is_done())?;
    equal(
        "its state",
        schedule::state(receiver.id),
        Ok(l4::abi::schedule::ThreadState::Waiting),
    )
}

/// A wait for local threads passes over others; they are there for the next open wait.
pub(super) fn any_local() -> Outcome {
    let me = thread::myself();
    let far = Job::send(me).words(1, 1, 1).start(worker::away())?;
    worker::until_state(far.id, PendingSend)?;
    Job::receive(ThreadId::ANY_LOCAL)
        .within(ZERO, ZERO)
        .now()
        .bare_error(3)?;
    let near = Job::send(me).words(2, 1, 2).start(worker::here())?;
    worker::until_state(near.id, PendingSend)?;
    let got = Job::receive(ThreadId::ANY_LOCAL).within(SOON, SOON).now();
    got.carries(2, 1, 2, 0)?;
    equal("from", got.from, local(near.id)?)?;
    let got = Job::receive(ThreadId::ANY).within(SOON, SOON).now();
    got.carries(1, 1, 1, 0)?;
    equal("from", got.from, far.id)
}

fn answer_at_once(_: u64) {
    let Ok(mut request) = ipc::wait() else { return };
    loop {
        let answer = Message::new(request.message.label() + 1);
        match ipc::reply_wait(request.from, &answer) {
            Ok(next) => request = next,
            Err(_) => return board::put(0, 1),
        }
    }
}

/// A caller is receiving before its server can answer, even with send timeout zero.
pub(super) fn immediate_reply() -> Outcome {
    for (priority, plan) in [
        (90, worker::here()),
        (210, worker::here()),
        (210, worker::away()),
    ] {
        let server = worker::start(plan.priority(priority), answer_at_once, 0)?;
        for label in 0..100 {
            let answer = Job::call(server)
                .words(label, 0, 0)
                .within(SOON, SOON)
                .now();
            answer.carries(label + 1, 0, 0, 0)?;
        }
        equal("refused replies", board::get(0), 0)?;
    }
    Ok(())
}

/// Nobody can receive from himself while he sends.
pub(super) fn send_to_self() -> Outcome {
    let me = thread::myself();
    let job = Job::send(me)
        .words(0x123, 2, 1)
        .within(Time::period(20_000), SOON);
    let done = job.now();
    done.error_with_tag(2, 0x0123_0002)?;
    at_least("time", done.micros, micros_of(Time::period(20_000)))?;
    Job::send(me).within(ZERO, SOON).now().bare_error(2)
}

pub(super) fn both_nil() -> Outcome {
    let done = Job::new(ThreadId::NIL, ThreadId::NIL)
        .words(0xABC, 2, 3)
        .now();
    hex("MR0", done.mr[0], Tag::new(0xABC, 2, 0).raw())?;
    hex("ErrorCode", done.error, crate::harness::raw::UNTOUCHED)
}

pub(super) fn sleep() -> Outcome {
    let me = thread::myself();
    for micros in [100, 1_000, 20_000, 100_000] {
        let time = Time::period(micros);
        let done = Job::receive(me).within(Time::NEVER, time).now();
        done.bare_error(3)?;
        at_least("time asleep", done.micros, micros_of(time))?;
    }
    let before = clock::micros();
    Job::receive(me)
        .within(Time::NEVER, ZERO)
        .now()
        .bare_error(3)?;
    check("no time travel", clock::micros() >= before)
}

pub(super) fn send_only_does_not_receive() -> Outcome {
    let me = thread::myself();
    let receiver = Job::receive(me).start(worker::here())?;
    worker::until_waiting(&[receiver.id])?;
    let waiting = Job::send(me).words(9, 1, 9).start(worker::here())?;
    worker::until_state(waiting.id, PendingSend)?;
    let sent = Job::send(receiver.id)
        .words(8, 1, 8)
        .within(SOON, SOON)
        .now();
    hex("ErrorCode", sent.error, crate::harness::raw::UNTOUCHED)?;
    sent.ok()?;
    receiver.result()?.carries(8, 1, 8, 0)?;
    worker::until_state(waiting.id, PendingSend)
}

/// Taking a sender out of the middle leaves the others in order.
pub(super) fn middle_of_the_queue() -> Outcome {
    let me = thread::myself();
    let mut senders = [ThreadId::NIL; 5];
    for (label, sender) in senders.iter_mut().enumerate() {
        *sender = Job::send(me)
            .words(label as u64, 0, 0)
            .start(worker::here())?
            .id;
        worker::until_state(*sender, PendingSend)?;
    }
    Job::receive(senders[2])
        .within(SOON, SOON)
        .now()
        .carries(2, 0, 0, 0)?;
    Job::receive(senders[4])
        .within(SOON, SOON)
        .now()
        .carries(4, 0, 0, 0)?;
    for label in [0, 1, 3] {
        Job::receive(ThreadId::ANY)
            .within(SOON, SOON)
            .now()
            .carries(label, 0, 0, 0)?;
    }
    Ok(())
}

fn serve_in_turn(_: u64) {
    let mut client = ThreadId::NIL;
    for round in 0..=30 {
        let timeouts = Timeouts::new(ZERO, SOON);
        let message = Message::new(round);
        match ipc::exchange(client, ThreadId::ANY, timeouts, &message) {
            Ok(request) => client = request.from,
            Err(_) => return,
        }
        board::put(1, round + 1);
    }
}

fn call_in_turn(server: u64) {
    for _ in 0..10 {
        if Job::call(ThreadId::from_raw(server))
            .within(SOON, SOON)
            .now()
            .ok()
            .is_err()
        {
            board::add(2, 1);
        }
    }
    board::add(3, 1);
}

/// One server, three clients, replies and waits: every call gets an answer.
pub(super) fn reply_and_wait() -> Outcome {
    let server = worker::start(worker::away(), serve_in_turn, 0)?;
    for plan in [worker::here(), worker::away(), worker::here().priority(50)] {
        worker::start(plan, call_in_turn, server.raw())?;
    }
    until("three clients", || board::get(3) == 3)?;
    equal("calls that failed", board::get(2), 0)?;
    equal("requests", board::get(1), 30)
}
