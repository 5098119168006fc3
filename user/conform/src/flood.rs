//! Processors that are sent much at once: their own threads run, and nothing is lost.

use l4::abi::schedule::ThreadState;
use l4::control::{self, Counter};
use l4::{IpcCode, IpcError, Message, Phase, ThreadId, Time, ipc, schedule, thread};

use crate::harness::regular::spin;
use crate::harness::{
    Failure, Outcome, SOON, Test, board, check, equal, pause, raw, until, worker,
};

pub(crate) const TESTS: &[Test] = &[
    Test::smp("FLOOD0001", own_thread_runs_in_between),
    Test::smp("FLOOD0002", busy_one_takes_all),
    Test::smp("FLOOD0003", idle_one_takes_all),
    Test::smp("FLOOD0004", order_is_kept),
];

/// How many messages come at once.
const MANY: u64 = 180;

/// How many come at once, more than two turns, until the processor's thread looks in between.
const SOME: usize = 80;
/// How often at most.
const FLOODS: usize = 30;
/// Board word: to whom they send.
const DAM: usize = 409;

/// Most that the kernel takes in a turn.
const TURN: u64 = 32;

/// Board words: how many senders heard that their receiver does not exist; of the watcher: that it runs, what it counted, the
/// looks in which there was something, and how often that was too much.
const TOLD: usize = 400;
const WATCHES: usize = 401;
const COUNTED: usize = 402;
const LOOKS: usize = 403;
const TOO_MUCH: usize = 404;
const SPINS: usize = 405;
/// Board words: how many began to send; how many messages the receiver got, and how many of them out of turn.
const SENT: usize = 406;
const GOT: usize = 407;
const LATE: usize = 408;

fn send(to: u64) {
    let number = board::add(SENT, 1);
    let sent = ipc::send(ThreadId::from_raw(to), &Message::new(0).word(number));
    let gone = IpcError::new(Phase::Send, IpcCode::NonExisting);
    board::add(TOLD, u64::from(sent == Err(gone)));
}

/// Receives from `first`, and then all that has come meanwhile.
fn wake_up(first: u64) {
    if ipc::receive(ThreadId::from_raw(first)).is_err() {
        return;
    }
    while let Ok(received) = ipc::receive_within(ThreadId::ANY, SOON) {
        let number = received.message.word_at(0);
        board::add(LATE, u64::from(number != board::add(GOT, 1)));
    }
}

/// A receiver on the first processor at which many threads of the second, with this priority, wait. It waits for the test.
#[track_caller]
fn dam(priority: u8) -> Result<ThreadId, Failure> {
    let receiver = worker::start(worker::here(), wake_up, thread::myself().raw())?;
    for _ in 0..MANY {
        let plan = worker::here().cpu(1).priority(priority);
        let sender = worker::start(plan, send, receiver.raw())?;
        worker::until_state(sender, ThreadState::PendingSend)?;
    }
    Ok(receiver)
}

/// The dam breaks: all senders get their answers at once.
#[track_caller]
fn flood(receiver: ThreadId) -> Outcome {
    equal("deletion", raw::delete(receiver), raw::DONE)
}

fn taken() -> u64 {
    control::counter(1, Counter::RemoteRequests).unwrap_or(0)
}

/// How often the second processor may have begun a turn: interrupts, ticks, and runs of the dispatcher.
fn begun() -> u64 {
    [Counter::IpisTaken, Counter::Ticks, Counter::Dispatches]
        .into_iter()
        .filter_map(|counter| control::counter(1, counter))
        .sum()
}

/// Looks all the time what its processor takes.
fn watch(_: u64) {
    let (mut before, mut last) = (begun(), taken());
    board::put(WATCHES, 1);
    loop {
        let (next, now) = (begun(), taken());
        let new = now - last;
        if new > 0 {
            board::add(LOOKS, 1);
            // A turn that counts itself when it is over may be missed.
            let too_much = new > TURN * (begun() - before + 1);
            board::add(TOO_MUCH, u64::from(too_much));
            board::add(COUNTED, new);
        }
        (before, last) = (next, now);
    }
}

/// Sends to each thread that the board names.
fn send_to_each(_: u64) {
    let mut last = 0;
    loop {
        let to = board::get(DAM);
        if to == last {
            pause(500);
        } else {
            last = to;
            send(to);
        }
    }
}

/// A thread on the flooded processor, more urgent than what the flood wakes, gets to look in the middle of the flood. On a
/// machine that stands still for some ticks one turn may follow the other at once: then it is flooded again.
fn own_thread_runs_in_between() -> Outcome {
    let plan = || worker::here().cpu(1).priority(100);
    let mut senders = [ThreadId::NIL; SOME];
    for sender in &mut senders {
        *sender = worker::start(plan(), send_to_each, 0)?;
    }
    for round in 1..=FLOODS {
        let receiver = worker::start(worker::here(), wake_up, thread::myself().raw())?;
        board::put(DAM, receiver.raw());
        for sender in senders {
            worker::until_state(sender, ThreadState::PendingSend)?;
        }
        board::put(WATCHES, 0);
        let watcher = worker::start(plan().priority(150), watch, 0)?;
        until("it watches", || board::get(WATCHES) == 1)?;
        let (counted, looks) = (board::get(COUNTED), board::get(LOOKS));
        flood(receiver)?;
        until("all is taken", || {
            board::get(COUNTED) >= counted + SOME as u64
        })?;
        equal("deletion", raw::delete(watcher), raw::DONE)?;
        equal("too much in a turn", board::get(TOO_MUCH), 0)?;
        until("all are told", || board::get(TOLD) == (round * SOME) as u64)?;
        if board::get(LOOKS) >= looks + 2 {
            return Ok(());
        }
    }
    Err(Failure::new(format_args!("never in several turns")))
}

/// The processor runs a thread that makes no system call, and is more urgent than what the flood wakes: the rest comes with
/// its ticks.
fn busy_one_takes_all() -> Outcome {
    let receiver = dam(100)?;
    let plan = worker::here().cpu(1).priority(110).slice(Time::NEVER);
    let spinner = worker::start(plan, spin, SPINS as u64)?;
    until("it spins", || board::get(SPINS) > 0)?;
    let before = taken();
    flood(receiver)?;
    until("all is taken", || taken() - before >= MANY)?;
    let spins = board::get(SPINS);
    until("it goes on", || board::get(SPINS) > spins)?;
    equal("deletion", raw::delete(spinner), raw::DONE)?;
    until("all are told", || board::get(TOLD) == MANY)
}

/// The processor has nothing else to do than what it is sent, and lets those run whom it wakes up: one turn after the other. Where
/// it wakes nobody up, see RACE0037.
fn idle_one_takes_all() -> Outcome {
    let receiver = dam(120)?;
    pause(10_000);
    flood(receiver)?;
    until("all are told", || board::get(TOLD) == MANY)?;
    let ends = ipc::send_within(receiver, &Message::new(0), Time::ZERO);
    check("the receiver is gone", ends.is_err())
}

/// The receiver moves to the idle second processor, and all that waits for it goes there at once: it gets all messages, in
/// their order.
fn order_is_kept() -> Outcome {
    let receiver = dam(100)?;
    pause(10_000);
    let before = taken();
    schedule::set_cpu(receiver, 1)?;
    until("all is taken", || taken() - before > MANY)?;
    ipc::send_within(receiver, &Message::new(0), SOON)
        .map_err(|error| Failure::new(format_args!("it takes no message: {error:?}")))?;
    until("all have arrived", || board::get(GOT) == MANY)?;
    equal("out of turn", board::get(LATE), 0)
}
