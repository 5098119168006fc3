//! For how long a thread holds others off.

use l4::{Time, schedule, thread};

use super::{
    RAN, RESULT, allow, allowance, complete, delay, done, is_pending, listener, runs_at_once,
};
use crate::harness::failure::{at_least, at_most};
use crate::harness::regular::spin;
use crate::harness::{Outcome, board, equal, worker};
use crate::sch::ticks::{TICK, ticks};

/// Calls `look` with the ticks since now, as long as nobody else has run; returns the last. The clock is looked at first, so
/// that the others' ticks are never among them.
fn ticks_alone(mut look: impl FnMut(u64)) -> u64 {
    let (before, first) = (board::get(RAN), ticks());
    let mut last = 0;
    loop {
        let now = ticks() - first;
        if board::get(RAN) != before {
            return last;
        }
        last = now;
        look(now);
    }
}

/// Ticks until the listener has run.
fn ticks_until_ran() -> u64 {
    ticks_alone(|_| {})
}

fn outlast_slice(test: u64) {
    let me = thread::myself();
    for (index, delays) in [(0, false), (1, true)] {
        allowance(20, 0);
        if delays {
            delay();
        }
        // A slice that begins now.
        let _ = schedule::set_slice(me, Time::period(5 * TICK));
        let mut pending = 0;
        let alone = ticks_alone(|now| {
            if is_pending() && pending == 0 {
                pending = now;
            }
        });
        board::put(RESULT + 2 * index, alone);
        board::put(RESULT + 2 * index + 1, pending);
    }
    done(test);
}

/// At the end of its slice a thread gets its allowance once, and sees that its preemption is pending.
pub(in crate::sch) fn slice_end() -> Outcome {
    worker::start(worker::here(), spin, RAN as u64)?;
    complete(worker::here(), outlast_slice)?;
    let [plain, never, delayed, pending] = core::array::from_fn(|index| board::get(RESULT + index));
    equal("pending without delay", never, 0)?;
    at_most("ticks of a slice", plain, 5)?;
    at_least("ticks of a slice", plain, 1)?;
    at_most("ticks until it was pending", pending, 6)?;
    at_least("ticks until it was pending", pending, 1)?;
    at_most("ticks with the delay", delayed, 25)?;
    at_least("ticks with the delay", delayed, 20)
}

fn use_up(test: u64) {
    allowance(10, 150);
    delay();
    // Held off for its time, then no more: an allowance is for once.
    let first = runs_at_once();
    board::put(RESULT, ticks_until_ran());
    let second = runs_at_once();
    // Giving way brings it back.
    let before = is_pending();
    schedule::yield_now();
    let after = is_pending();
    let third = runs_at_once();
    board::put(RESULT + 1, ticks_until_ran());
    let flags = [first, second, before, after, third];
    for (index, flag) in flags.into_iter().enumerate() {
        board::put(RESULT + 2 + index, u64::from(flag));
    }
    done(test);
}

/// The allowance is spent in ticks, once; ThreadSwitch renews it and clears the flag.
pub(in crate::sch) fn allowance_is_spent() -> Outcome {
    listener(worker::here().priority(120))?;
    complete(worker::here(), use_up)?;
    let flags: [u64; 5] = core::array::from_fn(|index| board::get(RESULT + 2 + index));
    equal(
        "at once, at once, pending, pending, at once",
        flags,
        [0, 1, 1, 0, 0],
    )?;
    for index in 0..2 {
        at_most("ticks", board::get(RESULT + index), 10)?;
        at_least("ticks", board::get(RESULT + index), 5)?;
    }
    Ok(())
}

fn allow_without_giving_way(test: u64) {
    loop {
        allowance(60, 150);
        delay();
        let start = ticks();
        let ran = runs_at_once();
        allow();
        board::put(RESULT, ticks_until_ran());
        if ticks() - start < 30 {
            board::put(RESULT + 1, u64::from(ran));
            return done(test);
        }
    }
}

/// Who no longer delays is preempted at the next tick, though it does not give way.
pub(in crate::sch) fn flag_is_read_each_time() -> Outcome {
    listener(worker::here().priority(120))?;
    complete(worker::here(), allow_without_giving_way)?;
    equal("at once", board::get(RESULT + 1), 0)?;
    at_most("ticks", board::get(RESULT), 2)
}
