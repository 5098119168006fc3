//! Breakpoints that others come upon: other threads, the kernel, another processor.

use l4::debug::{self, On};
use l4::{Message, ThreadId, ipc};

use super::code;
use super::watcher::{self, COUNT, DONE, logged, watch};
use super::{WORD, on, word};
use crate::harness::regular::spin;
use crate::harness::{Outcome, board, check, equal, pause, until, worker};

fn watch_and_spin() {
    debug::set(&on(On::Access));
    board::put(DONE, 1);
    spin(1)
}

/// A thread that watches is preempted all the time by others of its space and of its priority.
pub(super) fn others_touch_it_freely() -> Outcome {
    let handler = watcher::start()?;
    watch(worker::here(), handler, watch_and_spin)?;
    until("the breakpoint", || board::get(DONE) == 1)?;
    worker::start(worker::here(), spin, WORD as u64)?;
    let before = board::get(1);
    until("both run", || {
        board::get(WORD) > 1000 && board::get(1) > before
    })?;
    pause(50_000);
    equal("exceptions", board::get(COUNT), 0)
}

/// Board word: whom [`talk`] talks to.
const PARTNER: usize = 61;
/// Board word: whom [`send_and_wait`] wakes.
const WATCHER: usize = 62;

fn talk() {
    debug::set(&on(On::Write));
    let partner = ThreadId::from_raw(board::get(PARTNER));
    let mut good = 0;
    for value in 0..50 {
        let answer = ipc::call(partner, &Message::new(0).word(value));
        good += u64::from(answer.is_ok_and(|answer| answer.message.word_at(0) == value));
    }
    code::write(word(), 9);
    board::put(DONE, good);
}

fn echo_and_touch(_: u64) {
    l4::server::serve(|request| {
        code::write(word(), request.message.word_at(0));
        Some(Message::new(0).word(request.message.word_at(0)))
    })
}

/// A partner in the same or another space writes the word each time; only the thread's own write fires, after 50 calls.
pub(super) fn over_messages() -> Outcome {
    let handler = watcher::start()?;
    for plan in [worker::here(), worker::away()] {
        board::put(DONE, 0);
        board::put(COUNT, 0);
        let partner = worker::start(plan, echo_and_touch, 0)?;
        board::put(PARTNER, partner.raw());
        watch(worker::here(), handler, talk)?;
        until("the end", || board::get(DONE) != 0)?;
        equal("answers", board::get(DONE), 50)?;
        equal("exceptions", board::get(COUNT), 1)?;
        equal(
            "it",
            logged(0),
            (1, code::write as *const () as u64 + code::WRITE_LENGTH),
        )?;
    }
    Ok(())
}

fn watch_a_selector() {
    board::put(WORD, 0x23);
    debug::set(&on(On::Access));
    code::shadow(word());
    board::put(DONE, 1);
}

/// A breakpoint that the CPU reports late may come inside the kernel, where it is nobody's. The breakpoint instruction's own
/// exception comes in any case.
pub(super) fn held_back() -> Outcome {
    let handler = watcher::start()?;
    watch(worker::here(), handler, watch_a_selector)?;
    until("the end", || board::get(DONE) != 0)?;
    let count = board::get(COUNT);
    let breakpoints = (0..count as usize)
        .filter(|number| logged(*number).0 == 3)
        .count();
    equal("breakpoint instructions", breakpoints, 1)?;
    check("three more at most", count <= 4)
}

fn fire_without_handler(_: u64) {
    l4::utcb::my().set_exception_handler(ThreadId::NIL);
    debug::set(&on(On::Write));
    code::write(word(), 1);
    board::put(DONE, 1);
}

/// Without a handler a thread that its breakpoint hits stops, as at any exception; its end takes the breakpoint away.
pub(super) fn oneself_is_enough() -> Outcome {
    let id = worker::start(worker::here(), fire_without_handler, 0)?;
    worker::until_state(id, l4::abi::schedule::ThreadState::Inactive)?;
    equal("it did not go on", board::get(DONE), 0)?;
    equal(
        "deletion",
        crate::harness::raw::delete(id),
        crate::harness::raw::DONE,
    )?;
    code::write(word(), 2);
    equal("exceptions", board::get(COUNT), 0)
}

fn write_when_told() {
    debug::set(&on(On::Write));
    board::put(DONE, 1);
    while l4::utcb::my().processor() == 0 {
        core::hint::spin_loop();
    }
    code::write(word(), 3);
    board::put(DONE, 2);
}

/// The breakpoint moves with its thread, and leaves none behind.
pub(super) fn goes_along() -> Outcome {
    let handler = watcher::start()?;
    let id = watch(worker::here(), handler, write_when_told)?;
    until("the breakpoint", || board::get(DONE) == 1)?;
    l4::schedule::set_cpu(id, 1)?;
    until("the end", || board::get(DONE) == 2)?;
    code::write(word(), 4);
    equal("exceptions", board::get(COUNT), 1)?;
    equal(
        "it",
        logged(0),
        (1, code::write as *const () as u64 + code::WRITE_LENGTH),
    )
}

/// Messages in which the watched word is written.
const WRITES: u64 = 20;

fn watch_and_serve() {
    debug::set(&on(On::Write));
    echo_and_touch(0);
}

/// Who sends and then waits, in two calls, runs the one who watches in between: that has its breakpoint then.
pub(super) fn picked_by_who_waits() -> Outcome {
    let handler = watcher::start()?;
    // It is the more urgent one, so that it waits for the answer before the other can give it.
    worker::start(worker::here().priority(110), send_and_wait, 0)?;
    let watcher = watch(worker::here(), handler, watch_and_serve)?;
    worker::until_waiting(&[watcher])?;
    board::put(WATCHER, watcher.raw());
    until("the end", || board::get(DONE) != 0)?;
    equal("answers", board::get(DONE), WRITES)?;
    equal("exceptions", board::get(COUNT), WRITES)
}

fn send_and_wait(_: u64) {
    while board::get(WATCHER) == 0 {
        pause(1_000);
    }
    let watcher = ThreadId::from_raw(board::get(WATCHER));
    let mut good = 0;
    for _ in 0..WRITES {
        let sent = ipc::send(watcher, &Message::new(0)).is_ok();
        good += u64::from(sent && ipc::receive(watcher).is_ok());
    }
    board::put(DONE, good);
}
