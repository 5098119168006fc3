//! Processors that are sent much at once: their own threads run, and nothing is lost.

use l4::abi::schedule::ThreadState;
use l4::control::{self, Counter};
use l4::{IpcCode, IpcError, Message, Phase, ThreadId, Time, ipc, thread};

use crate::harness::regular::spin;
use crate::harness::{Failure, Outcome, Test, board, check, equal, raw, until, worker};

pub(crate) const TESTS: &[Test] = &[
    Test::smp("FLOOD0001", own_thread_runs_in_between),
    Test::smp("FLOOD0002", busy_one_takes_all),
    Test::smp("FLOOD0003", idle_one_takes_all),
];

/// How many messages come at once.
const MANY: usize = 150;

/// Most that a processor takes between two looks of a thread of its own: the kernel takes so many at a time, and may
/// begin twice, for an interrupt and for a tick.
const AT_ONCE: u64 = 80;

/// Board words: how many senders heard that their receiver does not exist; of the watcher: that it runs, what it counted, the
/// most between two looks, and in how many looks there was something.
const TOLD: usize = 400;
const WATCHES: usize = 401;
const COUNTED: usize = 402;
const MOST: usize = 403;
const LOOKS: usize = 404;
const SPINS: usize = 405;

fn send(to: u64) {
    let sent = ipc::send(ThreadId::from_raw(to), &Message::new(0).word(7));
    let gone = IpcError::new(Phase::Send, IpcCode::NonExisting);
    board::add(TOLD, u64::from(sent == Err(gone)));
}

fn sleep(_: u64) {
    // Nobody wakes it.
    let _ = ipc::receive(thread::myself());
}

/// A receiver on the first processor at which many threads of the second, with this priority, wait.
#[track_caller]
fn dam(priority: u8) -> Result<ThreadId, Failure> {
    let receiver = worker::start(worker::here(), sleep, 0)?;
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

/// Looks all the time what its processor takes.
fn watch(_: u64) {
    let mut last = taken();
    board::put(WATCHES, 1);
    loop {
        let now = taken();
        let new = now - last;
        if new > 0 {
            board::put(MOST, board::get(MOST).max(new));
            board::add(LOOKS, 1);
            board::add(COUNTED, new);
        }
        last = now;
    }
}

/// A thread on the flooded processor, more urgent than what the flood wakes, gets to look in the middle of the flood.
fn own_thread_runs_in_between() -> Outcome {
    let receiver = dam(100)?;
    worker::start(worker::here().cpu(1).priority(150), watch, 0)?;
    until("it watches", || board::get(WATCHES) == 1)?;
    flood(receiver)?;
    until("all is taken", || board::get(COUNTED) >= MANY as u64)?;
    check("in several turns", board::get(LOOKS) >= 2)?;
    check("not too much in one", board::get(MOST) <= AT_ONCE)
}

/// The processor runs a thread that makes no system call: the rest comes with its ticks.
fn busy_one_takes_all() -> Outcome {
    let receiver = dam(120)?;
    worker::start(worker::here().cpu(1).priority(110), spin, SPINS as u64)?;
    until("it spins", || board::get(SPINS) > 0)?;
    flood(receiver)?;
    until("all are told", || board::get(TOLD) == MANY as u64)?;
    let spins = board::get(SPINS);
    until("it goes on", || board::get(SPINS) > spins)
}

/// The processor has nothing else to do: it takes one turn after the other, without a tick in between.
fn idle_one_takes_all() -> Outcome {
    let receiver = dam(120)?;
    crate::harness::pause(10_000);
    flood(receiver)?;
    until("all are told", || board::get(TOLD) == MANY as u64)?;
    let ends = ipc::send_within(receiver, &Message::new(0), Time::ZERO);
    check("the receiver is gone", ends.is_err())
}
