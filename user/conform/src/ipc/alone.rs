//! Requests and receives that are system calls of their own. A server that was ready once before it waits is what the kernel's
//! straight line for them looks for.

use l4::thread::Builder;
use l4::{Message, ThreadId, Time, Timeouts, ipc, schedule};

use super::words::{echoed, first_word, lengths};
use crate::harness::{
    BOTH_SOON, Failure, Job, Outcome, SOON, board, equal, pause, raw, until, worker,
};

/// As [`super::echo`], however long the client takes to wait for the answer.
fn patient_echo(_: u64) {
    let mut next = ipc::wait();
    while let Ok(request) = next {
        let answer = echoed(&request.message);
        next = ipc::exchange(request.from, ThreadId::ANY, Timeouts::NEVER, &answer);
    }
    board::put(0, 1);
}

#[track_caller]
fn all_lengths(plan: Builder) -> Outcome {
    let server = worker::start(plan, patient_echo, 0)?;
    for (round, count) in lengths() {
        let first = first_word(round, count);
        let sent = Job::send(server).words(0xF00D, count, first).now();
        sent.ok()?;
        equal("from", sent.from, ThreadId::NIL)?;
        // With a timeout, and without one.
        let times = [SOON, Time::NEVER][count % 2];
        Job::receive(server)
            .within(times, times)
            .now()
            .carries(0xF00E, count, first + 1000, 0)?;
    }
    equal("failures of the server", board::get(0), 0)
}

/// Every length arrives, both ways, and the server sees who asks: else its answer would go elsewhere.
pub(super) fn request_then_receive() -> Outcome {
    all_lengths(worker::here())?;
    all_lengths(worker::away())
}

const TURNS: usize = 1;
const RESULT: usize = 2;
const ROUNDS: u64 = 16;

/// Counts its turns, and is ready once before it waits again.
fn count_turns(_: u64) {
    l4::server::serve(|_| {
        board::add(TURNS, 1);
        schedule::yield_now();
        Some(Message::new(0))
    })
}

/// How many of [`ROUNDS`] requests alone had brought the server its turn when they were sent; more than that if something fails.
fn turns_at_once(server: u64) -> u64 {
    let server = ThreadId::from_raw(server);
    let one = || -> Result<bool, Failure> {
        ipc::call_within(server, &Message::new(0), BOTH_SOON)?;
        let before = board::get(TURNS);
        ipc::send_within(server, &Message::new(0), SOON)?;
        let at_once = board::get(TURNS) != before;
        until("the server's turn", || board::get(TURNS) > before)?;
        worker::until_waiting(&[server])?;
        Ok(at_once)
    };
    let turns = (0..ROUNDS).map(|_| one().map_or(2 * ROUNDS, u64::from));
    turns.sum()
}

/// Who outranks the sender runs at once, and nobody else does.
pub(super) fn priorities() -> Outcome {
    for (priority, expected) in [(101, ROUNDS), (99, 0)] {
        let here = || worker::here().cpu(0);
        let server = worker::start(here().priority(priority), count_turns, 0)?;
        let turns = worker::perform(here(), turns_at_once, server.raw())?;
        equal("turns at once", turns, expected)?;
        equal("deletion", raw::delete(server), raw::DONE)?;
    }
    Ok(())
}

/// How long the server waits for one of its requests, and no longer for any.
const PATIENCE: u64 = 50_000;

/// A server whose wait number `finite` has a timeout.
fn wait_for_a_while(finite: u64) {
    let within = |number| match number == finite {
        true => Time::period(PATIENCE),
        false => Time::NEVER,
    };
    let mut next = ipc::receive_within(ThreadId::ANY, within(0));
    for number in 1..4 {
        let Ok(request) = next else {
            return board::put(RESULT, 1);
        };
        let timeouts = Timeouts::new(Time::NEVER, within(number));
        next = ipc::exchange(request.from, ThreadId::ANY, timeouts, &Message::new(0));
    }
}

/// The timeout of a wait that a message alone has ended does not hit the next wait. The server is not listed yet in the first.
pub(super) fn timeout_is_over() -> Outcome {
    for finite in 0..2 {
        let server = worker::start(worker::here(), wait_for_a_while, finite)?;
        worker::until_waiting(&[server])?;
        for _ in 0..=finite {
            ipc::send_within(server, &Message::new(0), SOON)?;
            ipc::receive_within(server, SOON)?;
        }
        pause(2 * PATIENCE);
        equal("the server was timed out", board::get(RESULT), 0)?;
        Job::call(server).within(SOON, SOON).now().ok()?;
    }
    Ok(())
}
