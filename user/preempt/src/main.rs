//! A proof by exhaustion: a thread in a long IPC can be preempted at every instruction. For each instruction from the
//! system call to the end of both partners, a run of the same message with a timer's interrupt there; afterwards every
//! byte is where it belongs.
//!
//! It needs a machine on which a time-stamp tick is an instruction (QEMU's `-icount`), one CPU, and the word
//! `tick=1000000` for the kernel, so that no other interrupt comes between.
//!
//! Arguments: `push` (the sender copies) or `pull` (the receiver does, from a sender that waits); with `nested` the thread
//! that preempts sends a long message of its own through the same window, with `abort` it aborts the message, and as many
//! bytes have arrived as both are told. Output: `[progress] k/n text`, per sweep
//! `[preempt] {json}`, at the end `[done]`, or `[fail]` with the first wrong thing.
//!
//! | module | question |
//! |---|---|
//! | [`sweep`] | which interrupts are there, and was each of them seen? |
//! | [`run`] | what happens in one run, and was it right? |
//! | [`crew`], [`letter`] | who sends what to whom? |
//! | [`memory`] | where does it lie, and who has it? |
//! | [`timer`], [`hot`] | how does an interrupt come at an instruction? |
#![no_std]
#![no_main]

mod crew;
mod hot;
mod letter;
mod memory;
mod run;
mod sweep;
mod timer;

use crew::{Case, Deed, Mover};
use l4::{exit, println};
use memory::Side;
use timer::Timer;

l4::program!(main);

fn main() -> ! {
    let has = |wanted: &str| l4::args().split_whitespace().any(|word| word == wanted);
    let mover = match (has("push"), has("pull")) {
        (true, false) => Mover::Sender,
        (false, true) => Mover::Receiver,
        _ => fail(format_args!("one of push and pull, please")),
    };
    let deed = match (has("nested"), has("abort")) {
        (false, false) => Deed::Looks,
        (true, false) => Deed::Speaks,
        (false, true) => Deed::Aborts,
        (true, true) => fail(format_args!("one of nested and abort, please")),
    };
    let case = Case { mover, deed };
    let timer = match Timer::calibrated() {
        Ok(timer) => timer,
        Err(failure) => fail(format_args!("the timer: {failure:?}")),
    };
    if let Err(failure) = crew::start(case) {
        fail(format_args!("the threads: {failure:?}"));
    }
    for (index, missing) in [Side::Sender, Side::Receiver].into_iter().enumerate() {
        match sweep::sweep(case, missing, timer, index as u64) {
            Ok(figures) => println!("[preempt] {figures}"),
            Err(wrong) => fail(format_args!("missing at the {missing}: {wrong}")),
        }
    }
    println!("[done] 2 sweeps");
    exit::report(true)
}

fn fail(why: core::fmt::Arguments<'_>) -> ! {
    println!("[fail] {why}");
    exit::report(false)
}
