//! A message from another CPU, for a thread that outranks who runs there: it waits all the same while that may hold others off.

use l4::control::{Counter, counter};
use l4::schedule::{self, set_preemption};
use l4::utcb::{self, PreemptFlags};
use l4::{ThreadId, Time, ipc, thread};

use super::there;
use crate::harness::regular::spin;
use crate::harness::{Failure, Job, Outcome, SOON, board, equal, until, worker};
use crate::sch::ticks::TICK;

/// Board words: the one who runs is ready for a message, and for which; how many messages the other has got; who gets a slice;
/// a busy one's rounds; results.
const READY: usize = 1;
const SENT: usize = 2;
const RAN: usize = 3;
const OTHER: usize = 4;
const BUSY: usize = 5;
const RESULT: usize = 10;

/// Ticks of CPU 1 so far. For threads of the root task's space.
fn ticks() -> u64 {
    counter(1, Counter::Ticks).unwrap_or(0)
}

/// A thread on CPU 1 that counts the messages it gets.
#[track_caller]
fn listener(priority: u8) -> Result<ThreadId, Failure> {
    let counts = |_| {
        while ipc::wait().is_ok() {
            board::add(RAN, 1);
        }
    };
    let id = worker::start(there().priority(priority), counts, 0)?;
    worker::until_waiting(&[id])?;
    Ok(id)
}

/// Sends the listener a message whenever the one who runs is ready for it, until that is done.
#[track_caller]
fn send_when_ready(listener: ThreadId, done: usize) -> Outcome {
    let mut sent = 0;
    until("the end", || {
        if board::get(READY) > sent {
            sent += 1;
            // The one who runs sees it if this failed.
            let _ = Job::send(listener).within(SOON, SOON).now().ok();
            board::put(SENT, sent);
        }
        board::get(done) != 0
    })
}

/// Ticks for which it may hold others off, and after which a round says nothing any more.
const ALLOWANCE: u64 = 60;
const TOO_LATE: u64 = 40;

/// Holds others off until it hears that somebody waits, or somebody ran. Says nothing if its time may have been over: then
/// once more.
fn hold_off(_: u64) {
    let me = utcb::my();
    for round in 1.. {
        // The numbers tell if this failed.
        let _ = set_preemption(thread::myself(), (ALLOWANCE * TICK) as u16, 150);
        schedule::yield_now();
        let (start, then) = (ticks(), board::get(RAN));
        me.set_preempt_bits(PreemptFlags::DELAY);
        board::put(READY, round);
        let is_pending = || me.preempt_flags().contains(PreemptFlags::PENDING);
        while !is_pending() && board::get(RAN) == then && ticks() < start + TOO_LATE {}
        let (pending, ran) = (is_pending(), board::get(RAN) - then);
        let in_time = ticks() < start + TOO_LATE;
        me.clear_preempt_bits(PreemptFlags::DELAY);
        if schedule::take_pending() {
            schedule::yield_now();
        }
        while board::get(SENT) < round {}
        if in_time {
            board::put(RESULT + 1, u64::from(pending) << 1 | ran);
            board::put(RESULT + 2, board::get(RAN) - then);
            return board::put(RESULT, 1);
        }
    }
}

/// Who delays its preemption goes on, and hears that somebody waits.
pub(super) fn by_a_delay() -> Outcome {
    let listener = listener(120)?;
    worker::start(there(), hold_off, 0)?;
    send_when_ready(listener, RESULT)?;
    equal("pending, and had not run", board::get(RESULT + 1), 2)?;
    equal("ran afterwards", board::get(RESULT + 2), 1)
}

/// Runs on a slice that was given to it until the message has been sent.
fn look_meanwhile(_: u64) {
    board::put(READY, 1);
    while board::get(SENT) == 0 {}
    board::put(RESULT + 1, board::get(RAN));
    board::put(RESULT, 1);
}

/// A slice is worth what it was to the donor: nobody between the two runs meanwhile.
pub(super) fn by_a_donation() -> Outcome {
    let listener = listener(110)?;
    // The other runs only on what it is given.
    let busy = there().priority(60).slice(Time::NEVER);
    worker::start(busy, spin, BUSY as u64)?;
    until("it is busy", || board::get(BUSY) > 0)?;
    let dest = worker::start(there().priority(50), look_meanwhile, 0)?;
    board::put(OTHER, dest.raw());
    let donate = |_| schedule::switch_to(ThreadId::from_raw(board::get(OTHER)));
    worker::start(there().priority(120).slice(Time::NEVER), donate, 0)?;
    send_when_ready(listener, RESULT)?;
    equal("had run", board::get(RESULT + 1), 0)?;
    until("it runs afterwards", || board::get(RAN) == 1)
}
