//! Delayed preemption. The test itself waits for its worker without looking, so that nobody but the workers runs.

pub(super) mod ends;
pub(super) mod length;

use l4::schedule::{self, set_preemption};
use l4::thread::Builder;
use l4::utcb::{self, PreemptFlags};
use l4::{Message, ThreadId, Time, ipc, thread};

use super::ticks::{TICK, ticks};
use crate::harness::{Failure, Outcome, SOON, board, check, equal, worker};

/// Board words: who is woken, and has run how often; results.
const OTHER: usize = 1;
pub(crate) const RAN: usize = 2;
const RESULT: usize = 10;

/// Starts `function` and waits until it tells the test that it is done.
#[track_caller]
fn complete(plan: Builder, function: fn(u64)) -> Outcome {
    let test = thread::myself().raw();
    let id = worker::start(plan, function, test)?;
    match ipc::receive_within(id, SOON) {
        Ok(_) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

fn done(test: u64) {
    // The test fails if it gets nothing.
    let _ = ipc::send(ThreadId::from_raw(test), &Message::new(0));
}

/// Others wait from now on.
pub(crate) fn delay() {
    utcb::my().set_preempt_bits(PreemptFlags::DELAY);
}

/// They wait no longer.
pub(crate) fn allow() {
    utcb::my().clear_preempt_bits(PreemptFlags::DELAY);
}

/// Whether somebody waits.
pub(crate) fn is_pending() -> bool {
    utcb::my().preempt_flags().contains(PreemptFlags::PENDING)
}

/// For so many ticks others may have to wait, up to this priority.
pub(crate) fn allowance(ticks: u64, sensitive: u8) {
    // The numbers tell if this failed.
    let _ = set_preemption(thread::myself(), (ticks * TICK) as u16, sensitive);
}

/// A thread of this plan that notes in [`RAN`] each message that it gets, and waits.
#[track_caller]
pub(crate) fn listener(plan: Builder) -> Result<ThreadId, Failure> {
    let counts = |_| {
        while ipc::wait().is_ok() {
            board::add(RAN, 1);
        }
    };
    let id = worker::start(plan, counts, 0)?;
    worker::until_waiting(&[id])?;
    board::put(OTHER, id.raw());
    Ok(id)
}

/// Wakes the listener; whether it ran before this thread went on.
fn runs_at_once() -> bool {
    let before = board::get(RAN);
    // It does not run then.
    let _ = ipc::send(ThreadId::from_raw(board::get(OTHER)), &Message::new(0));
    board::get(RAN) != before
}

/// Whether the listener runs at once, and whether that is pending then, with all ways to ask for it. Says nothing if the
/// allowance may have been used up meanwhile: then once more.
fn wake_with(delays: bool) -> u64 {
    loop {
        schedule::yield_now();
        let start = ticks();
        if delays {
            delay();
        }
        let (ran, pending) = (runs_at_once(), is_pending());
        let end = ticks();
        allow();
        if schedule::take_pending() {
            schedule::yield_now();
        }
        if end - start < 40 {
            return u64::from(ran) | u64::from(pending) << 1;
        }
    }
}

fn try_sensitive(test: u64) {
    // By default nobody waits.
    board::put(RESULT, wake_with(true));
    for (index, (delays, sensitive)) in [(false, 150), (true, 150), (true, 119), (true, 120)]
        .into_iter()
        .enumerate()
    {
        allowance(60, sensitive);
        board::put(RESULT + 1 + index, wake_with(delays));
    }
    // A sensitive priority below one's own changes nothing but the length.
    allowance(60, 99);
    board::put(RESULT + 5, wake_with(true));
    allowance(0, 150);
    board::put(RESULT + 6, wake_with(true));
    done(test);
}

/// Up to the sensitive priority others wait; more urgent ones do not.
pub(super) fn sensitive_priority() -> Outcome {
    listener(worker::here().priority(120))?;
    complete(worker::here(), try_sensitive)?;
    let (at_once, waits) = (1, 2);
    let expected = [
        ("nothing set", at_once),
        ("no delay", at_once),
        ("delay", waits),
        ("sensitive priority below", at_once),
        ("sensitive priority equal", waits),
        ("sensitive priority as before", waits),
        ("no allowance", at_once),
    ];
    for (index, (what, how)) in expected.into_iter().enumerate() {
        equal(what, board::get(RESULT + index), how)?;
    }
    Ok(())
}

fn try_delayed(test: u64) {
    loop {
        allowance(60, 150);
        let start = ticks();
        let inside = schedule::delayed(runs_at_once);
        let outside = board::get(RAN);
        if ticks() - start < 40 {
            board::put(RESULT, u64::from(inside));
            board::put(RESULT + 1, outside);
            board::put(RESULT + 2, u64::from(utcb::my().preempt_flags().0));
            return done(test);
        }
        board::put(RAN, 0);
    }
}

/// The library's way to do it.
pub(super) fn library() -> Outcome {
    listener(worker::here().priority(120))?;
    complete(worker::here(), try_delayed)?;
    equal("ran inside", board::get(RESULT), 0)?;
    equal("ran right after it", board::get(RESULT + 1), 1)?;
    equal("flags afterwards", board::get(RESULT + 2), 0)
}

/// Any flags, at any time, in any thread: nothing else in the word changes, and nobody starves.
pub(super) fn any_flags() -> Outcome {
    let work = |seed: u64| {
        allowance(3, 150);
        let utcb = utcb::my();
        let mut random = crate::harness::regular::Random::new(seed);
        let start = ticks();
        while ticks() < start + 60 {
            let cop = random.next() & 0xFF00;
            utcb.set_flags(random.next() & 0xDF | cop);
            let _ = schedule::time_left(thread::myself());
            if random.below(4) == 0 {
                schedule::yield_now();
            }
            if utcb.flags() & !0xFF != cop {
                board::put(RESULT, 1);
            }
        }
        utcb.set_flags(0);
        board::add(RAN, 1);
    };
    for seed in 1..=4 {
        let plan = worker::here().priority(100 + seed as u8 % 2);
        worker::start(plan.slice(Time::period(2 * TICK)), work, seed)?;
    }
    crate::harness::until("all are done", || board::get(RAN) == 4)?;
    equal("other flags changed", board::get(RESULT), 0)
}

/// A new thread delays and signals nothing, whatever was in its UTCB before.
pub(super) fn new_threads_begin_without() -> Outcome {
    let id = worker::start(
        worker::here(),
        |_| {
            utcb::my().set_flags(0xFFFF);
            ipc::park()
        },
        0,
    )?;
    worker::until_waiting(&[id])?;
    thread::delete(id)?;
    let flags = worker::perform(worker::here().id(id), |_| utcb::my().flags() & 0xFF, 0)?;
    check("no flag is set", flags == 0)
}
