//! Registers of two threads between which strings are copied, while others use theirs in the midst of it.

use l4::abi::item::StringItem;
use l4::abi::schedule::ThreadState::{Receiving, Sending};
use l4::thread::Builder;
use l4::{Tag, ThreadId, Time, ipc, pager, schedule, thread};

use super::registers::{compare, load};
use super::{BAD, STOP};
use crate::harness::failure::at_least;
use crate::harness::raw::UNTOUCHED;
use crate::harness::{Job, Outcome, SOON, arena, board, equal, until, worker};

/// Long enough that a tick comes in the midst of a copy now and then.
const LENGTH: u64 = 4 << 20;

/// Board words: the receiver; messages; errors; copies that others have interrupted; faults.
const RECEIVER: usize = 10;
const ROUNDS: usize = 11;
const ERRORS: usize = 12;
const INTERRUPTED: usize = 13;
const FAULTS: usize = 14;
/// Length of the strings.
const SIZE: usize = 15;
/// The thread that interrupts looks at this one, too.
const SENDER: usize = 16;

/// Whose registers are whose.
const SENDERS: u64 = 0x5E4D;
const RECEIVERS: u64 = 0x4ECE;
const OTHERS: [u64; 2] = [0x0741, 0x0742];
const PAGERS: u64 = 0x9A6E;

const TEXT: u64 = 0x33;

fn string(address: u64) -> [u64; 2] {
    [StringItem::new(board::get(SIZE), 1).raw(), address]
}

/// The same IPC again and again; the registers must be as before each time.
fn again_and_again(seed: u64, job: Job) {
    load(seed);
    while board::get(STOP) == 0 {
        let done = job.now();
        board::add(BAD, compare(seed));
        board::add(ERRORS, u64::from(done.error != UNTOUCHED));
        board::add(ROUNDS, 1);
    }
    ipc::park();
}

fn send(_: u64) {
    let to = ThreadId::from_raw(board::get(RECEIVER));
    let tag = Tag::new(0x57, 0, 2).raw();
    let job = Job::send(to)
        .tag(tag)
        .registers(1, &string(arena::source()));
    again_and_again(SENDERS, job.within(SOON, SOON));
}

fn receive(_: u64) {
    let job = Job::receive(ThreadId::ANY).buffers(&string(arena::target()));
    again_and_again(RECEIVERS, job.within(SOON, SOON));
}

/// Wakes up at each tick, and changes all its registers.
fn interrupt(_: u64) {
    let pair = [SENDER, RECEIVER].map(|index| ThreadId::from_raw(board::get(index)));
    for round in 0.. {
        let seed = OTHERS[round % 2];
        load(seed);
        ipc::sleep(Time::period(1));
        board::add(BAD, compare(seed));
        if pair.map(schedule::state) == [Ok(Sending), Ok(Receiving)] {
            board::add(INTERRUPTED, 1);
        }
    }
}

/// Runs a pair, and perhaps others, until there were `enough` messages.
#[track_caller]
fn run(
    sender: Builder,
    receiver: Builder,
    others: Option<Builder>,
    enough: fn() -> bool,
) -> Outcome {
    for index in [STOP, ROUNDS, ERRORS, INTERRUPTED, FAULTS] {
        board::put(index, 0);
    }
    let receiver = worker::start(receiver, receive, 0)?;
    board::put(RECEIVER, receiver.raw());
    let sender = worker::start(sender, send, 0)?;
    board::put(SENDER, sender.raw());
    let others = others
        .map(|plan| worker::start(plan, interrupt, 0))
        .transpose()?;
    until("enough messages", || board::get(ROUNDS) > 4 && enough())?;
    // Who is deleted in a message ends that of the other.
    let errors = board::get(ERRORS);
    board::put(STOP, 1);
    for id in [Some(sender), Some(receiver), others].into_iter().flatten() {
        thread::delete(id)?;
    }
    equal("errors", errors, 0)?;
    equal("wrong registers", board::get(BAD), 0)?;
    arena::holds(arena::target(), 64, TEXT, 0)
}

/// The sender's priority says who copies: the receiver has 100.
const PRIORITIES: [u8; 2] = [99, 101];

#[track_caller]
fn preempted_on(cpu: usize) -> Outcome {
    board::put(SIZE, LENGTH);
    arena::write(arena::source(), 64, TEXT);
    for plan in [worker::here as fn() -> Builder, worker::away] {
        for priority in PRIORITIES {
            let sender = plan().cpu(cpu).priority(priority);
            let others = worker::here().cpu(cpu).priority(150);
            let enough = || board::get(INTERRUPTED) >= 3;
            run(sender, plan().cpu(cpu), Some(others), enough)?;
        }
    }
    Ok(())
}

/// A more urgent thread interrupts copies, and uses the registers.
pub(super) fn preempted() -> Outcome {
    preempted_on(0)
}

/// As [`preempted`], on another CPU.
pub(super) fn preempted_elsewhere() -> Outcome {
    preempted_on(1)
}

/// Maps pages as the library's pager does; the registers must be its own each time.
fn serve(_: u64) {
    load(PAGERS);
    l4::server::serve(|request| {
        board::add(BAD, compare(PAGERS));
        board::add(FAULTS, 1);
        pager::answer(request)
    })
}

/// Each page of the strings is a fault in the midst of a copy, served by a pager that uses the registers.
pub(super) fn with_faults() -> Outcome {
    const PAGES: u64 = 64;
    board::put(SIZE, PAGES * 4096);
    arena::write(arena::source(), PAGES * 4096, TEXT);
    arena::blank(arena::target(), PAGES * 4096);
    for priority in PRIORITIES {
        let pager = worker::start(worker::here().priority(150), serve, 0)?;
        let plan = || worker::away().pager(pager);
        run(plan().priority(priority), plan(), None, || true)?;
        at_least("faults", board::get(FAULTS), 2 * PAGES)?;
    }
    arena::holds(arena::target(), PAGES * 4096, TEXT, 0)
}
