//! Exceptions: the message to the handler, its answer, and threads without a handler.

mod answers;
mod handler;
mod raise;
mod segments;

use l4::abi::protocol::exception as mr;
use l4::abi::schedule::ThreadState;
use l4::{ThreadId, ipc};

use crate::harness::regular::spin;
use crate::harness::{Outcome, Test, board, check, equal, hex, pause, raw, until, worker};
use crate::pf::touch;
pub(crate) use answers::accept_a_string;
use handler::{CHANGE, COUNT, FIRST, RESULT};

pub(crate) const TESTS: &[Test] = &[
    Test::new("EXC0001", divide_by_zero),
    Test::new("EXC0002", invalid_instruction),
    Test::new("EXC0003", privileged_instructions),
    Test::new("EXC0004", software_interrupts),
    Test::new("EXC0005", breakpoint),
    Test::new("EXC0006", non_canonical_address),
    Test::new("EXC0009", x87_exception),
    Test::new("EXC0010", message_layout),
    Test::new("EXC0011", answer_changes_registers),
    Test::new("EXC0012", answer_changes_only_user_flags),
    Test::new("EXC0013", no_handler),
    Test::new("EXC0014", dead_handler),
    Test::new("EXC0015", single_step),
    Test::new("EXC0016", message_registers_survive),
    Test::new("EXC0017", stack_overrun),
    Test::new("EXC0018", silent_handler),
    Test::new("EXC0019", answers::each_register),
    Test::new("EXC0020", answers::short_answers),
    Test::new("EXC0021", answers::long_answer),
    Test::new("EXC0022", answers::answer_with_a_page),
    Test::new("EXC0023", answers::answer_that_is_cut),
    Test::new("EXC0024", answers::handler_killed),
    Test::new("EXC0025", answers::local_handler),
    Test::new("EXC0026", answers::taken_out),
    Test::new("EXC0027", answers::message_length),
    Test::new("EXC0028", interrupt_instructions),
    Test::new("EXC0029", model_specific_registers),
    Test::new("EXC0030", segments::bad_selectors),
    Test::new("EXC0031", segments::own_selectors),
    Test::new("EXC0032", bad_stack_pointer),
    Test::new("EXC0033", answers::answer_with_a_string),
];

/// In both kinds of space, `function` raises `vector` at its first instruction plus `offset`.
#[track_caller]
fn raises(function: extern "C" fn(), vector: u64, offset: u64) -> Outcome {
    let handler = handler::start()?;
    for plan in [worker::here(), worker::away()] {
        let before = board::get(COUNT);
        handler::provoke(plan, handler, function)?;
        until("an exception", || board::get(COUNT) > before)?;
        hex("tag", board::get(FIRST), 0xFFFF_FFFF_FFB0_0013)?;
        equal("vector", board::get(FIRST + mr::VECTOR), vector)?;
        hex(
            "RIP",
            board::get(FIRST + mr::RIP),
            function as *const () as u64 + offset,
        )?;
    }
    Ok(())
}

fn divide_by_zero() -> Outcome {
    raises(raise::divide, 0, raise::DIVIDE_OFFSET)
}

fn invalid_instruction() -> Outcome {
    raises(raise::undefined, 6, 0)
}

fn privileged_instructions() -> Outcome {
    for function in [
        raise::hlt,
        raise::cli,
        raise::write_cr3,
        raise::read_cr0,
        raise::lgdt,
        raise::swapgs,
    ] {
        raises(function, 13, 0)?;
    }
    Ok(())
}

fn software_interrupts() -> Outcome {
    for function in [raise::int_80, raise::int_0, raise::int_20, raise::int_f0] {
        raises(function, 13, 0)?;
    }
    Ok(())
}

/// The instruction is done when the exception is told.
fn breakpoint() -> Outcome {
    raises(raise::breakpoint, 3, 1)
}

/// INT3 in its long form is the breakpoint; INT1 is a debug exception; all others are the kernel's.
fn interrupt_instructions() -> Outcome {
    raises(raise::int_3, 3, 2)?;
    raises(raise::icebp, 1, 1)?;
    raises(raise::int_1, 13, 0)?;
    raises(raise::int_4, 13, 0)?;
    raises(raise::pop_es, 6, 0)?;
    raises(raise::push_es, 6, 0)?;
    raises(raise::cr1, 6, 0)
}

/// Nobody may touch them, not even a privileged thread.
fn model_specific_registers() -> Outcome {
    raises(raise::read_msr, 13, 0)?;
    raises(raise::write_msr, 13, 0)
}

/// The kernel needs no stack of the user's to tell. CPUs call it a stack fault, emulators a protection fault.
fn bad_stack_pointer() -> Outcome {
    let handler = handler::start()?;
    handler::provoke(worker::away(), handler, raise::bad_stack)?;
    until("an exception", || board::get(COUNT) > 0)?;
    check("vector", matches!(board::get(FIRST + mr::VECTOR), 12 | 13))?;
    hex("RSP", board::get(FIRST + mr::RSP), 0x9000_0000_0000)
}

fn non_canonical_address() -> Outcome {
    raises(raise::non_canonical, 13, raise::NON_CANONICAL_OFFSET)
}

fn x87_exception() -> Outcome {
    raises(raise::x87, 16, raise::X87_OFFSET)
}

/// Every register is where the interface puts it.
fn message_layout() -> Outcome {
    let handler = handler::start()?;
    let id = handler::provoke(worker::away(), handler, raise::full_registers)?;
    until("an exception", || board::get(COUNT) > 0)?;
    hex("from", board::get(handler::FROM), id.raw())?;
    for (index, expected) in raise::EXPECTED {
        if board::get(FIRST + index) != expected {
            return hex(raise::name(index), board::get(FIRST + index), expected);
        }
    }
    let flags = board::get(FIRST + mr::RFLAGS);
    hex("RFLAGS: CF, fixed, IF", flags & 0x203, 0x203)?;
    hex("vector", board::get(FIRST + mr::VECTOR), 6)
}

/// The thread goes on with what the answer says.
fn answer_changes_registers() -> Outcome {
    let handler = handler::start()?;
    board::put(CHANGE, handler::NEW_REGISTERS);
    handler::provoke(worker::away(), handler, raise::compare_registers)?;
    until("the thread goes on", || board::get(RESULT) != 0)?;
    hex(
        "registers as ordered",
        board::get(RESULT),
        raise::ALL_AS_ORDERED,
    )
}

fn answer_changes_only_user_flags() -> Outcome {
    let handler = handler::start()?;
    board::put(CHANGE, handler::ALL_FLAGS);
    handler::provoke(worker::away(), handler, raise::flags)?;
    until("the thread goes on", || board::get(RESULT) != 0)?;
    let user = l4::abi::exregs::USER_FLAGS & !l4::exception::TRAP_FLAG;
    hex("user flags", board::get(RESULT) & user, user)?;
    hex(
        "others but IF and bit 1",
        board::get(RESULT) & !user & !0x202,
        0,
    )
}

/// Stops where it is; all others run.
#[track_caller]
fn stops(handler: ThreadId) -> Outcome {
    let id = handler::provoke(worker::away(), handler, raise::undefined)?;
    worker::start(worker::here(), spin, 0)?;
    worker::until_state(id, ThreadState::Inactive)?;
    let then = board::get(0);
    until("others run", || board::get(0) > then)?;
    equal("it did not go on", board::get(RESULT), 0)?;
    equal("deletion", raw::delete(id), raw::DONE)
}

fn no_handler() -> Outcome {
    stops(ThreadId::NIL)
}

fn dead_handler() -> Outcome {
    stops(crate::harness::ids::fresh())
}

/// The trap flag is the thread's own business, also over system calls.
fn single_step() -> Outcome {
    let handler = handler::start()?;
    let id = handler::provoke(worker::away(), handler, raise::single_step)?;
    until("an exception", || board::get(COUNT) > 0)?;
    equal("vector", board::get(FIRST + mr::VECTOR), 1)?;
    equal("deletion", raw::delete(id), raw::DONE)?;
    let id = handler::provoke(worker::away(), handler, raise::step_over_system_call)?;
    pause(20_000);
    equal("deletion", raw::delete(id), raw::DONE)
}

fn message_registers_survive() -> Outcome {
    let handler = handler::start()?;
    board::put(CHANGE, handler::SKIP_TWO);
    worker::start(worker::away(), handler::fill_and_raise, handler.raw())?;
    until("the thread goes on", || board::get(RESULT) != 0)?;
    equal("message registers unchanged", board::get(RESULT), 64)
}

/// A stack that ends in nothing: a page fault below it, which its pager leaves unanswered.
fn stack_overrun() -> Outcome {
    use crate::harness::pager::{self, ADDRESS, WINDOW};
    let pager = pager::start()?;
    pager::order(WINDOW, touch::page(0, 0), l4::Rights::READ_WRITE);
    worker::start(
        worker::away().pager(pager),
        |_| raise::overrun(WINDOW + 4096),
        0,
    )?;
    until("the first page", || board::get(pager::COUNT) >= 1)?;
    board::put(pager::ITEM, 0);
    until("the overrun", || board::get(ADDRESS) < WINDOW)?;
    hex("address", board::get(ADDRESS), WINDOW - 8)?;
    worker::start(worker::here(), spin, 0)?;
    until("others run", || board::get(0) > 0)
}

/// A handler that never answers keeps the thread, not the system.
fn silent_handler() -> Outcome {
    let silent = worker::start(
        worker::here(),
        |_| {
            let _ = ipc::wait();
            ipc::park()
        },
        0,
    )?;
    worker::until_waiting(&[silent])?;
    let id = handler::provoke(worker::away(), silent, raise::undefined)?;
    worker::until_waiting(&[id])?;
    worker::start(worker::here(), spin, 0)?;
    until("others run", || board::get(0) > 0)?;
    equal("deletion", raw::delete(id), raw::DONE)
}
