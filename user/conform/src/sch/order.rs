//! Who gets the CPU. The test's own thread has priority 200, so workers run only while it waits.

use l4::thread::Builder;
use l4::{Message, ThreadId, Time, ipc, schedule, thread};

use super::ticks::{TICK, ticks};
use crate::harness::failure::{at_least, at_most};
use crate::harness::regular::spin;
use crate::harness::{Failure, Job, Outcome, SOON, board, check, equal, pause, until, worker};

/// A spinner that counts in board word `index`.
#[track_caller]
fn spinner(plan: Builder, index: u64) -> Result<ThreadId, Failure> {
    worker::start(plan, spin, index)
}

pub(super) fn strict_priorities() -> Outcome {
    spinner(worker::here().priority(120), 0)?;
    spinner(worker::here().priority(119), 1)?;
    spinner(worker::away().priority(80), 2)?;
    until("the highest has run for a while", || board::get(0) > 1000)?;
    pause(50_000);
    equal(
        "counts of the lower ones",
        (board::get(1), board::get(2)),
        (0, 0),
    )
}

/// Equals share the CPU by time slices.
pub(super) fn round_robin() -> Outcome {
    for index in 0..4 {
        let plan = if index % 2 == 0 {
            worker::here()
        } else {
            worker::away()
        };
        spinner(plan.slice(Time::period(2_000)), index)?;
    }
    let mut before = [0; 4];
    for _ in 0..3 {
        until("each has run again", || {
            (0..4).all(|index| board::get(index) > before[index])
        })?;
        before = core::array::from_fn(board::get);
    }
    Ok(())
}

/// A thread whose time is over runs at once although others never stop.
pub(super) fn wakeup_preempts() -> Outcome {
    spinner(worker::here().slice(Time::NEVER), 0)?;
    for micros in [1_000, 5_000, 20_000] {
        let before = board::get(0);
        pause(micros);
        check("the lower one ran meanwhile", board::get(0) > before)?;
    }
    Ok(())
}

pub(super) fn new_priority_takes_effect() -> Outcome {
    let high = spinner(worker::here().priority(110), 0)?;
    let low = spinner(worker::here().priority(90), 1)?;
    until("the high one runs", || board::get(0) > 0)?;
    equal("count of the low one", board::get(1), 0)?;
    schedule::set_priority(low, 115)?;
    until("the raised one runs", || board::get(1) > 0)?;
    let then = board::get(0);
    pause(30_000);
    equal("count of the other", board::get(0), then)?;
    schedule::set_priority(low, 20)?;
    until("the other again", || board::get(0) > then)?;
    let then = board::get(1);
    pause(30_000);
    equal("count of the lowered one", board::get(1), then)?;
    schedule::set_priority(high, 10)?;
    until("the lowered one again", || board::get(1) > then)
}

/// Without a time limit a thread keeps its equals off.
pub(super) fn unlimited_slice() -> Outcome {
    spinner(worker::here().slice(Time::NEVER), 0)?;
    until("the first runs", || board::get(0) > 0)?;
    spinner(worker::here(), 1)?;
    pause(60_000);
    equal("count of the second", board::get(1), 0)
}

/// A send without receive goes on with the sender if the receiver is not more urgent.
pub(super) fn send_does_not_yield_to_lower() -> Outcome {
    for priority in [100, 200] {
        let receiver = Job::receive(ThreadId::ANY).start(worker::here().priority(priority))?;
        worker::until_waiting(&[receiver.id])?;
        Job::send(receiver.id).within(SOON, SOON).now().ok()?;
        check("the receiver has not run yet", !receiver.is_done())?;
        receiver.result()?.ok()?;
    }
    Ok(())
}

fn send_down(to: u64) {
    let sent = ipc::send(ThreadId::from_raw(to), &Message::new(1));
    board::put(1, board::get(0) << 1 | u64::from(sent.is_ok()));
    spin(2);
}

fn receive_and_note(_: u64) {
    if ipc::wait().is_ok() {
        board::put(0, 1);
    }
}

/// A receiver that is more urgent than the sender runs first.
pub(super) fn message_preempts_lower() -> Outcome {
    let high = worker::start(worker::here().priority(120), receive_and_note, 0)?;
    worker::until_waiting(&[high])?;
    worker::start(worker::here().priority(80), send_down, high.raw())?;
    until("the sender goes on", || board::get(2) > 0)?;
    equal("sent, and the receiver ran before", board::get(1), 3)
}

/// With nothing else to do the CPU sleeps, and wakes up for a timeout and for a sender.
pub(super) fn idle_wakes_up() -> Outcome {
    for _ in 0..20 {
        pause(3_000);
    }
    let sender = worker::start(
        worker::here(),
        |to| {
            pause(10_000);
            // The test fails if it gets nothing.
            let _ = ipc::send(ThreadId::from_raw(to), &Message::new(7));
        },
        thread::myself().raw(),
    )?;
    Job::receive(sender)
        .within(SOON, SOON)
        .now()
        .carries(7, 0, 0, 0)
}

/// A thread without a time limit calls one with a limit: that has its own slices again once it was preempted.
pub(super) fn lent_time_is_not_kept() -> Outcome {
    let server = worker::start(
        worker::here().slice(Time::period(2_000)),
        |_| {
            if ipc::wait().is_ok() {
                spin(0);
            }
        },
        0,
    )?;
    worker::until_waiting(&[server])?;
    worker::start(
        worker::here().slice(Time::NEVER),
        |to| {
            // The server never answers.
            let _ = ipc::call(ThreadId::from_raw(to), &Message::new(1));
        },
        server.raw(),
    )?;
    until("the server runs", || board::get(0) > 0)?;
    spinner(worker::here().slice(Time::period(2_000)), 1)?;
    until("the other runs", || board::get(1) > 0)
}

/// Who was preempted in the middle of its slice goes on with it, before its equals, however it came to run: here by a message.
pub(super) fn interrupted_goes_on() -> Outcome {
    let server = worker::start(
        worker::here().slice(Time::NEVER),
        |_| {
            if ipc::wait().is_ok() {
                spin(0);
            }
        },
        0,
    )?;
    worker::until_waiting(&[server])?;
    // Those who were ready meanwhile have put the lists right, so the server is in none.
    pause(5_000);
    let client = worker::start(
        worker::here().slice(Time::NEVER),
        |to| {
            // The server never answers.
            let _ = ipc::call(ThreadId::from_raw(to), &Message::new(1));
        },
        server.raw(),
    )?;
    spinner(worker::here(), 1)?;
    worker::until_waiting(&[client])?;
    for _ in 0..5 {
        let then = board::get(0);
        until("the server goes on", || board::get(0) > then)?;
    }
    equal("count of the other", board::get(1), 0)
}

/// Where turns are noted: how many, then who and at which tick.
const TURNS: usize = 3;
const LOG: usize = 100;
const MOST: u64 = 60;

/// Notes each turn that it gets.
fn note_turns(number: u64) {
    while board::get(2) == 0 {}
    loop {
        if board::get(4) != number {
            board::put(4, number);
            let turn = board::add(TURNS, 1);
            if turn > MOST {
                let test = ThreadId::from_raw(board::get(5));
                // The test fails if it gets nothing.
                let _ = ipc::send(test, &Message::new(0));
                return;
            }
            board::put(LOG + 2 * turn as usize, number);
            board::put(LOG + 2 * turn as usize + 1, ticks());
        }
    }
}

/// Turns are in order, and each is as long as a slice.
pub(super) fn used_up_goes_behind() -> Outcome {
    board::put(5, thread::myself().raw());
    for number in 1..=3 {
        let slice = Time::period(2 * number * TICK);
        worker::start(worker::here().slice(slice), note_turns, number)?;
    }
    board::put(2, 1);
    ipc::receive_within(ThreadId::ANY, SOON)?;
    let turn = |index: u64| {
        let at = LOG + 2 * index as usize;
        (board::get(at), board::get(at + 1))
    };
    let (mut counts, mut lengths) = ([0; 4], [0; 4]);
    for index in 1..MOST - 1 {
        let ((number, start), (next, end)) = (turn(index), turn(index + 1));
        equal("who is next", next, number % 3 + 1)?;
        counts[number as usize] += 1;
        lengths[number as usize] += end - start;
    }
    for number in 1..=3 {
        let (count, length) = (counts[number], lengths[number]);
        // Now and then a look at the clock comes late.
        at_most("ticks", length, count * (2 * number as u64 + 1))?;
        at_least("ticks", length, count * (2 * number as u64 - 1))?;
    }
    Ok(())
}
