//! Debug registers and single steps: what a thread may set, what fires, and that nothing of it reaches others or the kernel.

mod apart;
mod code;
mod copies;
mod registers;
mod steps;
mod watcher;

use l4::debug::{self, Breakpoint, On};

use crate::harness::{Outcome, Test, board, equal, hex, until, worker};
use watcher::{COUNT, DONE, logged, watch};

pub(crate) const TESTS: &[Test] = &[
    Test::new("DBG0001", registers::registers_are_kept),
    Test::new("DBG0002", registers::bad_values_are_refused),
    Test::new("DBG0003", data_breakpoint),
    Test::new("DBG0004", apart::others_touch_it_freely),
    Test::new("DBG0005", code_breakpoint),
    Test::new("DBG0006", apart::over_messages),
    Test::new("DBG0007", copies::into_watched_memory),
    Test::new("DBG0008", copies::from_watched_memory),
    Test::new("DBG0009", steps::function),
    Test::new("DBG0010", steps::over_the_kernel),
    Test::new("DBG0011", steps::by_exchange_registers),
    Test::new("DBG0012", apart::held_back),
    Test::new("DBG0013", steps::breakpoints_by_the_debugger),
    Test::new("DBG0014", apart::oneself_is_enough),
    Test::smp("DBG0015", apart::goes_along),
    Test::new("DBG0016", apart::picked_by_who_waits),
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
