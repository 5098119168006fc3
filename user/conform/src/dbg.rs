//! Debug registers and single steps: what a thread may set, what fires, and that nothing of it reaches others or the kernel.

mod code;
mod copies;
mod steps;
mod watcher;

use l4::debug::{self, Breakpoint, On};
use l4::{Message, ThreadId, ipc};

use crate::harness::regular::spin;
use crate::harness::{Outcome, Test, board, check, equal, hex, pause, until, worker};
use watcher::{COUNT, DONE, SKIP, logged, watch};

pub(crate) const TESTS: &[Test] = &[
    Test::new("DBG0001", registers_are_kept),
    Test::new("DBG0002", bad_values_are_refused),
    Test::new("DBG0003", data_breakpoint),
    Test::new("DBG0004", others_touch_it_freely),
    Test::new("DBG0005", code_breakpoint),
    Test::new("DBG0006", over_messages),
    Test::new("DBG0007", copies::into_watched_memory),
    Test::new("DBG0008", copies::from_watched_memory),
    Test::new("DBG0009", steps::function),
    Test::new("DBG0010", steps::over_the_kernel),
    Test::new("DBG0011", steps::by_exchange_registers),
    Test::new("DBG0012", held_back),
    Test::new("DBG0013", steps::breakpoints_by_the_debugger),
    Test::new("DBG0014", oneself_is_enough),
    Test::smp("DBG0015", goes_along),
];

/// A word to be watched.
const WORD: usize = 60;

fn word() -> *mut u64 {
    board::address(WORD) as *mut u64
}

/// One breakpoint on [`WORD`].
fn on(on: On) -> [Option<Breakpoint>; 4] {
    let address = word() as u64;
    [
        None,
        Some(Breakpoint {
            on,
            address,
            length: 8,
        }),
        None,
        None,
    ]
}

/// Fills the registers for its own place and looks at them for as long as others run.
fn keep(first: u64) {
    debug::set(&[None; 4]);
    let fresh = code::registers();
    board::put(
        70 + first as usize,
        u64::from(fresh == [0, 0, 0, 0, 0xFFFF_0FF0, 0x400]),
    );
    code::dr0(first);
    code::dr1(0x1000 + first);
    code::dr2(0x2000 + first);
    code::dr3(0x7FFF_FFFF_F000 + first);
    code::dr6(1 << first);
    code::dr7(1 << (2 * first) | 0x100 | 0xF << (16 + 4 * first));
    for _ in 0..20 {
        let expected = [
            first,
            0x1000 + first,
            0x2000 + first,
            0x7FFF_FFFF_F000 + first,
            0xFFFF_0FF0 | 1 << first,
            1 << (2 * first) | 0x500 | 0xF << (16 + 4 * first),
        ];
        if code::registers() == expected {
            board::add(80 + first as usize, 1);
        }
        l4::schedule::yield_now();
    }
    board::add(DONE, 1);
}

/// Each thread has its own, and as after reset at first.
fn registers_are_kept() -> Outcome {
    for first in 0..4 {
        worker::start(worker::here(), keep, first)?;
    }
    until("four threads", || board::get(DONE) == 4)?;
    for first in 0..4 {
        equal("registers were fresh", board::get(70 + first), 1)?;
        equal("good looks", board::get(80 + first), 20)?;
    }
    Ok(())
}

/// Each of these raises exception 13, and nothing has changed.
fn write_bad_values() {
    let kernel = [0x8000_0000_0000, 0xFFFF_8000_0000_0000, u64::MAX];
    for value in kernel {
        code::dr0(value);
        code::dr1(value);
        code::dr2(value);
        code::dr3(value);
    }
    code::dr4(0);
    code::dr6(1 << 32);
    // General detect, global enables, reserved bits, breakpoints on ports, instructions of two bytes.
    for value in [
        1 << 13,
        2,
        8,
        0x20,
        0x80,
        1 << 9,
        1 << 11,
        1 << 12,
        1 << 14,
        1 << 15,
        1 << 32,
        1 << 63,
        1 | 2 << 16,
        4 | 2 << 20,
        1 | 4 << 16,
        0x40 | 0xC << 28,
    ] {
        code::dr7(value);
    }
    board::put(SKIP, 4);
    code::prefixed(0);
    let unchanged = code::registers() == [0, 0, 0, 0, 0xFFFF_0FF0, 0x400];
    board::put(DONE, 1 + u64::from(unchanged));
}

fn bad_values_are_refused() -> Outcome {
    let handler = watcher::start()?;
    board::put(SKIP, 3);
    watch(worker::here(), handler, write_bad_values)?;
    until("the end", || board::get(DONE) != 0)?;
    equal("registers as before", board::get(DONE), 2)?;
    equal("exceptions", board::get(COUNT), 12 + 2 + 16 + 1)?;
    let (vector, ip) = logged(0);
    equal("vector", vector, 13)?;
    hex("RIP", ip, code::dr0 as *const () as u64)
}

fn touch_watched() {
    debug::set(&on(On::Write));
    let _ = code::read(word());
    code::write(word(), 5);
    let after_write = debug::take_status();
    debug::set(&on(On::Access));
    let _ = code::read(word());
    let after_read = debug::take_status();
    debug::set(&[None; 4]);
    code::write(word(), 6);
    let after = debug::take_status();
    board::put(DONE, 1 << 48 | after_write << 32 | after_read << 16 | after);
}

/// Fires after the instruction, and only while it is on.
fn data_breakpoint() -> Outcome {
    let handler = watcher::start()?;
    for plan in [worker::here(), worker::away()] {
        board::put(DONE, 0);
        board::put(COUNT, 0);
        watch(plan, handler, touch_watched)?;
        until("the end", || board::get(DONE) != 0)?;
        equal("exceptions", board::get(COUNT), 2)?;
        let past = |function: u64| (1, function + code::WRITE_LENGTH);
        equal(
            "the write",
            logged(0),
            past(code::write as *const () as u64),
        )?;
        equal("the read", logged(1), past(code::read as *const () as u64))?;
        hex(
            "DR6 after each",
            board::get(DONE),
            1 << 48 | 2 << 32 | 2 << 16,
        )?;
    }
    Ok(())
}

fn watch_and_spin() {
    debug::set(&on(On::Access));
    board::put(DONE, 1);
    spin(1)
}

/// A thread that watches is preempted all the time by others of its space and of its priority.
fn others_touch_it_freely() -> Outcome {
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

fn call_watched() {
    let at = code::write as *const () as u64;
    debug::set(&[
        Some(Breakpoint {
            on: On::Execute,
            address: at,
            length: 1,
        }),
        None,
        None,
        None,
    ]);
    for value in 0..3 {
        code::write(word(), value);
    }
    board::put(DONE, 1 + debug::take_status());
}

/// Fires before the instruction, each time, and the resume flag lets the thread past it.
fn code_breakpoint() -> Outcome {
    let handler = watcher::start()?;
    watch(worker::away(), handler, call_watched)?;
    until("the end", || board::get(DONE) != 0)?;
    equal("exceptions", board::get(COUNT), 3)?;
    equal("the first", logged(0), (1, code::write as *const () as u64))?;
    hex("DR6", board::get(DONE), 2)
}

/// Board word: whom [`talk`] talks to.
const PARTNER: usize = 61;

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
fn over_messages() -> Outcome {
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
fn held_back() -> Outcome {
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
fn oneself_is_enough() -> Outcome {
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
fn goes_along() -> Outcome {
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
