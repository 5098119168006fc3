//! A message from another CPU, for a thread that outranks who runs there: it waits all the same while that may hold others off.

use l4::{ThreadId, Time, schedule};

use super::there;
use crate::harness::regular::spin;
use crate::harness::{Failure, Job, Outcome, SOON, board, equal, until, worker};
use crate::sch::delay::{self, RAN, allow, allowance, delay, is_pending};
use crate::sch::ticks::ticks_of;

/// Board words, besides those of [`delay`](mod@delay): for which message the one who runs is ready, which was sent; who gets a slice; a
/// busy one's rounds; results.
const READY: usize = 3;
const SENT: usize = 4;
const DEST: usize = 5;
const BUSY: usize = 6;
const RESULT: usize = 10;

/// A listener on CPU 1.
#[track_caller]
fn listener(priority: u8) -> Result<ThreadId, Failure> {
    delay::listener(there().priority(priority))
}

/// Sends the listener a message whenever the one who runs is ready for it, until that has a result.
#[track_caller]
fn send_when_ready(listener: ThreadId) -> Outcome {
    let mut sent = 0;
    until("the end", || {
        if board::get(READY) > sent {
            sent += 1;
            // The one who runs sees it if this failed.
            let _ = Job::send(listener).within(SOON, SOON).now().ok();
            board::put(SENT, sent);
        }
        board::get(RESULT) != 0
    })
}

/// Ticks for which it may hold others off, and after which a round says nothing any more.
const ALLOWANCE: u64 = 60;
const TOO_LATE: u64 = 40;

/// Holds others off until it hears that somebody waits, or somebody ran. Says nothing if its time may have been over: then
/// once more.
fn hold_off(_: u64) {
    let ticks = || ticks_of(1);
    for round in 1.. {
        allowance(ALLOWANCE, 150);
        schedule::yield_now();
        let (start, then) = (ticks(), board::get(RAN));
        delay();
        board::put(READY, round);
        while !is_pending() && board::get(RAN) == then && ticks() < start + TOO_LATE {}
        let (pending, ran) = (is_pending(), board::get(RAN) - then);
        let in_time = ticks() < start + TOO_LATE;
        allow();
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
    send_when_ready(listener)?;
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
    board::put(DEST, dest.raw());
    let donate = |_| schedule::switch_to(ThreadId::from_raw(board::get(DEST)));
    worker::start(there().priority(120).slice(Time::NEVER), donate, 0)?;
    send_when_ready(listener)?;
    equal("had run", board::get(RESULT + 1), 0)?;
    until("it runs afterwards", || board::get(RAN) == 1)
}
