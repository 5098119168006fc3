//! ExchangeRegisters ends an IPC whose partner, or whose thread, is on another CPU.

use l4::abi::exregs::{RECEIVE, SEND};
use l4::abi::schedule::ThreadState::PendingSend;
use l4::{Tag, ThreadId, Time, ipc, thread};

use super::{far_away, there};
use crate::harness::raw;
use crate::harness::regular::Random;
use crate::harness::{Job, Outcome, SOON, board, check, equal, hex, pause, until, worker};

pub(super) fn receiver() -> Outcome {
    for from in [ThreadId::ANY, thread::myself()] {
        let receiver = Job::receive(from).start(there())?;
        worker::until_waiting(&[receiver.id])?;
        hex(
            "control",
            raw::control(receiver.id, SEND | RECEIVE).1.control,
            RECEIVE,
        )?;
        receiver.result()?.bare_error(7)?;
    }
    Ok(())
}

/// Sender there, receiver here; and sender here, receiver there.
pub(super) fn sender() -> Outcome {
    let deaf = worker::start(far_away(), |_| ipc::park(), 0)?;
    worker::until_waiting(&[deaf])?;
    let tag = Tag::new(4, 3, 0).raw();
    for (to, plan) in [
        (thread::myself(), there()),
        (deaf, worker::here()),
        (thread::myself(), far_away()),
    ] {
        let sender = Job::send(to).words(4, 3, 1).start(plan)?;
        worker::until_state(sender.id, PendingSend)?;
        pause(2_000);
        hex(
            "control",
            raw::control(sender.id, SEND | RECEIVE).1.control,
            SEND,
        )?;
        sender.result()?.error_with_tag(6, tag)?;
    }
    Job::receive(ThreadId::ANY)
        .within(Time::ZERO, Time::ZERO)
        .now()
        .bare_error(3)
}

/// A caller is cancelled while it sends and, in the next call, while it receives.
pub(super) fn caller_in_both_phases() -> Outcome {
    for (plan, silent) in [
        (worker::here(), far_away()),
        (there(), worker::away()),
        (there(), worker::here()),
    ] {
        let server = Job::receive(ThreadId::ANY).start(silent)?;
        worker::until_waiting(&[server.id])?;
        let caller = Job::call(server.id).words(5, 1, 5).start(plan)?;
        server.result()?.ok()?;
        pause(2_000);
        worker::until_waiting(&[caller.id])?;
        raw::control(caller.id, SEND | RECEIVE);
        caller.result()?.bare_error(7)?;
        let caller = Job::call(server.id).words(5, 1, 5).start(there())?;
        worker::until_state(caller.id, PendingSend)?;
        raw::control(caller.id, SEND | RECEIVE);
        caller
            .result()?
            .error_with_tag(6, Tag::new(5, 1, 0).raw())?;
    }
    Ok(())
}

/// Only the named phase is cancelled.
pub(super) fn wrong_phase() -> Outcome {
    let receiver = Job::receive(ThreadId::ANY).start(there())?;
    worker::until_waiting(&[receiver.id])?;
    hex(
        "control",
        raw::control(receiver.id, SEND).1.control,
        RECEIVE,
    )?;
    let sender = Job::send(thread::myself()).words(1, 1, 1).start(there())?;
    worker::until_state(sender.id, PendingSend)?;
    hex("control", raw::control(sender.id, RECEIVE).1.control, SEND)?;
    pause(3_000);
    check("neither is over", !receiver.is_done() && !sender.is_done())?;
    Job::receive(sender.id)
        .within(SOON, SOON)
        .now()
        .carries(1, 1, 1, Tag::CROSS_CPU)?;
    Job::send(receiver.id)
        .words(2, 2, 2)
        .within(SOON, SOON)
        .now()
        .ok()?;
    receiver.result()?.carries(2, 2, 2, Tag::CROSS_CPU)
}

fn send_and_count(to: u64) {
    let to = ThreadId::from_raw(to);
    for round in 0..300 {
        let done = Job::send(to).words(1, 1, round).now();
        match done.error {
            6 => board::add(1, 1),
            raw::UNTOUCHED => board::add(0, 1),
            other => board::add(3, other),
        };
    }
    board::put(2, 1);
}

fn receive_some(from: u64) {
    let mut random = Random::new(5);
    loop {
        let done = Job::receive(ThreadId::from_raw(from))
            .within(SOON, Time::period(3_000))
            .now();
        board::add(4, u64::from(done.ok().is_ok()));
        if done.ok().is_err() && board::get(2) == 1 {
            return board::put(5, 1);
        }
        pause(random.below(600));
    }
}

/// Cancelled at any moment, a message has either arrived or not, and its sender knows.
pub(super) fn races_with_delivery() -> Outcome {
    let receiver = crate::harness::ids::fresh();
    let sender = crate::harness::ids::fresh();
    worker::start(worker::here().id(receiver), receive_some, sender.raw())?;
    worker::start(there().id(sender), send_and_count, receiver.raw())?;
    let mut random = Random::new(6);
    until("all rounds", || {
        raw::control(sender, SEND);
        pause(random.below(900));
        board::get(2) == 1
    })?;
    until("the receiver is done", || board::get(5) == 1)?;
    equal("unexpected errors", board::get(3), 0)?;
    equal("received, sent", board::get(4), board::get(0))?;
    equal("sent and cancelled", board::get(0) + board::get(1), 300)
}
