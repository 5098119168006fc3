//! A donated slice: who runs on it, how long, and who goes on then. The test itself waits for a worker without looking, so
//! that nobody but the workers runs.

use l4::schedule::{set_slice, switch_to};
use l4::{Message, ThreadId, Time, ipc, thread};

use crate::harness::failure::{at_least, at_most};
use crate::harness::regular::spin;
use crate::harness::{Failure, Outcome, SOON, board, equal, pause, until, worker};
use crate::sch::ticks::{TICK, ticks};

/// Board words: the donor begins; who gets the slice, and who tells the test.
const GO: usize = 1;
const DEST: usize = 2;
const TEST: usize = 3;
/// Who ran: the number of the last, how many changes, and the changes: who, and at which tick.
const LAST: usize = 4;
const CHANGES: usize = 5;
const LOG: usize = 100;
/// Changes after which the test is told.
const MOST: u64 = 8;

/// Ticks that may pass before a thread that has just got the CPU looks at the clock: on a busy host they come in a row. A slice
/// of as few could be over before its thread has done anything at all, so those whose turns are told are longer.
const LATE: u64 = 4;

/// Notes when another ran before, for ever.
fn note(number: u64) {
    loop {
        if board::get(LAST) != number {
            board::put(LAST, number);
            let change = board::add(CHANGES, 1);
            board::put(LOG + 2 * change as usize, number);
            board::put(LOG + 2 * change as usize + 1, ticks());
            if change == MOST {
                tell();
            }
        }
    }
}

fn tell() {
    // The test fails if it gets nothing.
    let _ = ipc::send(ThreadId::from_raw(board::get(TEST)), &Message::new(0));
}

/// Waits until a worker tells.
#[track_caller]
fn told() -> Outcome {
    match ipc::receive_within(ThreadId::ANY, SOON) {
        Ok(_) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Who ran after change `index`, and for how many ticks.
fn turn(index: usize) -> (u64, u64) {
    let at = LOG + 2 * index;
    (board::get(at), board::get(at + 3) - board::get(at + 1))
}

/// Starts noting workers with these numbers, priorities and slices, in this order; nobody runs before the test waits.
#[track_caller]
fn cast(workers: &[(u64, u8, u64)]) -> Result<(), Failure> {
    board::put(TEST, thread::myself().raw());
    for &(number, priority, slice) in workers {
        let plan = worker::here()
            .priority(priority)
            .slice(Time::period(slice * TICK));
        let id = worker::start(plan, note, number)?;
        if number == 2 {
            board::put(DEST, id.raw());
        }
    }
    Ok(())
}

/// With a fresh slice of 20 ticks, gives it away at once; then it is number 1 of those who note.
fn donate_twenty(_: u64) {
    let dest = ThreadId::from_raw(board::get(DEST));
    // The numbers tell if this failed.
    let _ = set_slice(thread::myself(), Time::period(20 * TICK));
    board::put(LAST, 1);
    switch_to(dest);
    let _ = set_slice(thread::myself(), Time::period(10 * TICK));
    note(1);
}

/// The destination runs for the rest of the slice, then it is another's turn.
pub(super) fn the_rest_and_no_more() -> Outcome {
    worker::start(worker::here(), donate_twenty, 0)?;
    cast(&[(3, 100, 10), (2, 100, 12)])?;
    told()?;
    let (first, ticks) = turn(0);
    equal("who ran", first, 2)?;
    at_most("ticks", ticks, 20 + LATE)?;
    at_least("ticks", ticks, 20 - LATE)?;
    // Then the turns are as if there had been no donation, and the donor is the last.
    let then: [u64; 4] = core::array::from_fn(|index| turn(index + 1).0);
    equal("who ran then", then, [3, 2, 1, 3])?;
    at_most("ticks of its own slice", turn(2).1, 12 + LATE)?;
    at_least("ticks of its own slice", turn(2).1, 12 - LATE)
}

/// If its own turn comes after the rest, it has its own slice besides.
pub(super) fn own_slice_is_kept() -> Outcome {
    worker::start(worker::here(), donate_twenty, 0)?;
    cast(&[(2, 100, 12), (3, 100, 10)])?;
    told()?;
    let (first, ticks) = turn(0);
    equal("who ran", first, 2)?;
    at_most("ticks", ticks, 32 + LATE)?;
    at_least("ticks", ticks, 32 - LATE)?;
    let then: [u64; 4] = core::array::from_fn(|index| turn(index + 1).0);
    equal("who ran then", then, [3, 1, 2, 3])
}

/// To a lower priority it is worth what it was to the donor: nobody between the two runs meanwhile.
pub(super) fn worth_what_it_was() -> Outcome {
    let donor = worker::start(worker::here().priority(120), donate_and_look, 0)?;
    cast(&[(3, 90, 4), (2, 60, 6)])?;
    worker::start(worker::here().priority(90), spin, 9)?;
    ipc::receive_within(donor, SOON)?;
    equal("who ran", board::get(LOG), 2)?;
    equal("changes", board::get(CHANGES), 1)?;
    equal("rounds of the spinner", board::get(10), 0)?;
    at_most("ticks", board::get(6), 20 + LATE)?;
    at_least("ticks", board::get(6), 20 - LATE)
}

fn donate_and_look(_: u64) {
    let dest = ThreadId::from_raw(board::get(DEST));
    let _ = set_slice(thread::myself(), Time::period(20 * TICK));
    let start = ticks();
    switch_to(dest);
    board::put(6, ticks() - start);
    board::put(10, board::get(9));
    tell();
}

/// When the destination blocks, the rest is gone: the donor goes on, not whom the destination calls.
pub(super) fn ends_when_blocked() -> Outcome {
    board::put(TEST, thread::myself().raw());
    let answer = |_| {
        while let Ok(request) = ipc::wait() {
            board::add(7, 1);
            // Fails only with the caller.
            let _ = ipc::send(request.from, &Message::new(0));
        }
    };
    let server = worker::start(worker::here().priority(50), answer, 0)?;
    worker::until_waiting(&[server])?;
    board::put(8, server.raw());
    let call = |_| {
        board::put(LOG, 2);
        // The answer does not matter.
        let _ = ipc::call(ThreadId::from_raw(board::get(8)), &Message::new(0));
    };
    let dest = worker::start(worker::here().priority(60), call, 0)?;
    board::put(DEST, dest.raw());
    worker::start(worker::here().priority(120), donate_and_count, 0)?;
    told()?;
    equal("the destination ran", board::get(11), 2)?;
    equal("whom it called had run", board::get(10), 0)?;
    until("the call goes on", || board::get(7) == 1)
}

fn donate_and_count(_: u64) {
    switch_to(ThreadId::from_raw(board::get(DEST)));
    board::put(10, board::get(7));
    board::put(11, board::get(LOG));
    tell();
}

/// Whoever outranks the donor runs at once, and then the donor; whoever outranks only the destination waits.
pub(super) fn outranked() -> Outcome {
    board::put(TEST, thread::myself().raw());
    let urgent = |_| {
        // The donor says when.
        let _ = ipc::wait();
        pause(10_000);
        board::put(7, ticks());
    };
    let urgent = worker::start(worker::here().priority(150), urgent, 0)?;
    worker::until_waiting(&[urgent])?;
    let between = |_| {
        while board::get(GO) == 0 {
            pause(1_000);
        }
        board::add(8, 1);
    };
    worker::start(worker::here().priority(90), between, 0)?;
    pause(3_000);
    let dest = worker::start(worker::here().priority(60), spin, 9)?;
    board::put(DEST, dest.raw());
    worker::start(worker::here().priority(120), donate_forty, urgent.raw())?;
    told()?;
    let [urgent, between, rounds, start, end] = [7, 8, 9, 10, 11].map(board::get);
    at_least("rounds of the destination", rounds, 1)?;
    at_least("tick of the urgent", urgent, start)?;
    at_most("tick of the urgent", urgent, start + 30)?;
    at_most("tick at which the donor goes on", end, urgent + 5)?;
    equal("the other has run", between, 0)
}

fn donate_forty(urgent: u64) {
    // It waits for this.
    let _ = ipc::send(ThreadId::from_raw(urgent), &Message::new(0));
    let _ = set_slice(thread::myself(), Time::period(40 * TICK));
    board::put(GO, 1);
    board::put(10, ticks());
    switch_to(ThreadId::from_raw(board::get(DEST)));
    board::put(11, ticks());
    tell();
}

/// What was given can be given on, and stays worth what it was.
pub(super) fn passed_on() -> Outcome {
    let between = |_| {
        // Only the donation lets this thread run.
        board::put(LOG + 1, ticks());
        switch_to(ThreadId::from_raw(board::get(8)));
        ipc::park();
    };
    let last = worker::start(worker::here().priority(30), spin, 7)?;
    board::put(8, last.raw());
    worker::start(worker::here().priority(90), spin, 9)?;
    let middle = worker::start(worker::here().priority(60), between, 0)?;
    board::put(DEST, middle.raw());
    board::put(TEST, thread::myself().raw());
    let donor = worker::start(worker::here().priority(120), donate_and_look, 0)?;
    ipc::receive_within(donor, SOON)?;
    equal("rounds of the one between", board::get(10), 0)?;
    at_least("rounds of the last", board::get(7), 1)?;
    at_most("ticks", board::get(6), 20 + LATE)?;
    at_least("ticks", board::get(6), 20 - LATE)
}

/// A thread of another CPU gets nothing; the others of the priority run.
pub(super) fn not_to_another_cpu() -> Outcome {
    let far = worker::start(worker::here().cpu(1), spin, 9)?;
    board::put(DEST, far.raw());
    board::put(TEST, thread::myself().raw());
    let give = |_| {
        switch_to(ThreadId::from_raw(board::get(DEST)));
        board::put(10, board::get(7));
        tell();
    };
    let stop = |_| {
        board::add(7, 1);
    };
    worker::start(worker::here().slice(Time::NEVER), give, 0)?;
    worker::start(worker::here().slice(Time::NEVER), stop, 0)?;
    told()?;
    equal("the other had run", board::get(10), 1)
}
