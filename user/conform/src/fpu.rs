//! SSE and x87 registers belong to the thread: kept over preemption and IPC, never seen by others.
//!
//! Rust code of this target uses neither, so what `registers` loads stays until it compares.

mod copies;
pub(crate) mod registers;

use l4::thread::Builder;
use l4::{Time, clock};

use crate::harness::{BOTH_SOON, Outcome, Test, board, check, equal, hex, pause, until, worker};
use registers::{compare, load, probe};

pub(crate) const TESTS: &[Test] = &[
    Test::new("FPU0001", kept_over_preemption),
    Test::new("FPU0002", kept_over_preemption_across_spaces),
    Test::new("FPU0003", kept_over_ipc),
    Test::new("FPU0004", fresh_thread_sees_nothing),
    Test::new("FPU0005", kept_over_yield),
    Test::new("FPU0006", dead_owner),
    Test::new("FPU0007", kept_over_page_fault),
    Test::smp("FPU0008", kept_over_migration),
    Test::new("FPU0009", copies::preempted),
    Test::new("FPU0010", copies::with_faults),
    Test::smp("FPU0011", copies::preempted_elsewhere),
];

/// Board words: rounds of thread k at k, bad comparisons, threads done, stop.
const BAD: usize = 90;
const DONE: usize = 91;
const STOP: usize = 92;

fn hold(seed: u64) {
    load(seed);
    while board::get(STOP) == 0 {
        board::add(BAD, compare(seed));
        board::add(seed as usize % 64, 1);
    }
    board::add(DONE, 1);
}

/// Four threads with short slices hold their own values until each has run many times.
#[track_caller]
fn preempted(plan: fn() -> Builder) -> Outcome {
    for seed in 1..=4 {
        worker::start(plan().slice(Time::period(1_000)), hold, seed)?;
    }
    let mut before = [0; 4];
    for _ in 0..5 {
        until("all run", || {
            (0..4).all(|index| board::get(index + 1) > before[index])
        })?;
        before = core::array::from_fn(|index| board::get(index + 1));
        pause(2_000);
    }
    board::put(STOP, 1);
    until("all are done", || board::get(DONE) == 4)?;
    equal("wrong registers", board::get(BAD), 0)
}

fn kept_over_preemption() -> Outcome {
    preempted(worker::here)
}

fn kept_over_preemption_across_spaces() -> Outcome {
    preempted(worker::away)
}

fn serve_with_own_values(seed: u64) {
    load(seed);
    l4::server::serve(move |request| {
        board::add(BAD, compare(seed));
        Some(request.message.clone())
    })
}

/// Client and servers have values of their own over many calls.
fn kept_over_ipc() -> Outcome {
    let servers = [
        worker::start(worker::here(), serve_with_own_values, 11)?,
        worker::start(worker::away(), serve_with_own_values, 12)?,
    ];
    load(13);
    for _ in 0..200 {
        for server in servers {
            l4::ipc::call_within(server, &l4::Message::new(1), BOTH_SOON)?;
            equal("wrong registers of the client", compare(13), 0)?;
        }
    }
    equal("wrong registers of servers", board::get(BAD), 0)
}

fn look(_: u64) {
    let mut state = [0; registers::STATE_WORDS];
    probe(&mut state);
    for (index, word) in state.iter().enumerate() {
        board::put(100 + index, *word);
    }
    board::put(DONE, 1);
}

/// MXCSR, x87 control and status word as after a reset, all XMM registers zero.
fn fresh_thread_sees_nothing() -> Outcome {
    for plan in [worker::here as fn() -> Builder, worker::away] {
        load(0x5EC2_E700);
        board::put(DONE, 0);
        worker::start(plan(), look, 0)?;
        until("it looked", || board::get(DONE) == 1)?;
        hex("MXCSR", board::get(100), 0x1F80)?;
        hex("x87 control word", board::get(101), 0x37F)?;
        hex("x87 status word", board::get(102), 0)?;
        for index in 0..32 {
            hex("half of an XMM register", board::get(103 + index), 0)?;
        }
        equal("wrong registers of this thread", compare(0x5EC2_E700), 0)?;
    }
    Ok(())
}

fn hold_and_yield(seed: u64) {
    load(seed);
    for _ in 0..200 {
        l4::schedule::yield_now();
        board::add(BAD, compare(seed));
    }
    board::add(DONE, 1);
}

fn kept_over_yield() -> Outcome {
    for seed in 21..=24 {
        let plan = if seed % 2 == 0 {
            worker::here()
        } else {
            worker::away()
        };
        worker::start(plan, hold_and_yield, seed)?;
    }
    until("all are done", || board::get(DONE) == 4)?;
    equal("wrong registers", board::get(BAD), 0)
}

/// The thread whose values are in the registers is deleted; the next one sees nothing of it.
fn dead_owner() -> Outcome {
    for _ in 0..3 {
        let owner = worker::start(worker::here(), hold, 5)?;
        let then = board::get(5);
        until("it runs", || board::get(5) > then)?;
        l4::thread::delete(owner)?;
        board::put(DONE, 0);
        worker::start(worker::here(), look, 0)?;
        until("another looked", || board::get(DONE) == 1)?;
        hex("MXCSR", board::get(100), 0x1F80)?;
        check(
            "XMM registers are zero",
            (0..32).all(|index| board::get(103 + index) == 0),
        )?;
    }
    Ok(())
}

/// Code and data of a new space come by page faults, which other threads with other values serve.
fn kept_over_page_fault() -> Outcome {
    for seed in 31..=36 {
        worker::start(worker::away(), hold, seed)?;
    }
    until("all run", || (31..=36).all(|index| board::get(index) > 0))?;
    board::put(STOP, 1);
    until("all are done", || board::get(DONE) == 6)?;
    equal("wrong registers", board::get(BAD), 0)
}

/// The values go with the thread from CPU to CPU.
fn kept_over_migration() -> Outcome {
    let ids = [
        worker::start(worker::here(), hold, 6)?,
        worker::start(worker::away(), hold, 7)?,
    ];
    let start = clock::micros();
    for round in 1..=20 {
        for (index, id) in ids.iter().enumerate() {
            l4::schedule::set_cpu(*id, (round + index) % 2)?;
            let then = board::get(6 + index);
            until("it runs there", || board::get(6 + index) > then + 1)?;
        }
    }
    check("time passed", clock::micros() > start)?;
    board::put(STOP, 1);
    until("all are done", || board::get(DONE) == 2)?;
    equal("wrong registers", board::get(BAD), 0)
}
