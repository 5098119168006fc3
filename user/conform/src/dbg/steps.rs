//! Threads that walk step by step.

use l4::abi::exregs as bit;
use l4::debug::{self, Breakpoint, On};
use l4::exception::{Exception, register};
use l4::syscall::Registers;
use l4::{ipc, thread};

use super::watcher::{self, COUNT, DONE, END, FIRST, INSIDE, STEP, logged, watch};
use super::{WORD, code, word};
use crate::harness::regular::spin;
use crate::harness::{Failure, Outcome, board, check, equal, hex, raw, until, worker};

fn walk() {
    code::stop();
    code::walk();
    board::put(STEP, 0);
    board::put(DONE, 1);
}

/// Every instruction of a function is told of once, also one that the kernel executes.
pub(super) fn function() -> Outcome {
    steps_through(
        walk,
        code::walk as *const () as u64,
        code::LENGTH,
        code::STEPS,
    )
}

fn walk_into_kernel() {
    code::stop();
    code::walk_into_kernel();
    board::put(STEP, 0);
    board::put(DONE, 1);
}

/// A system call is one step: the kernel is not walked through, nor does the step get lost.
pub(super) fn over_the_kernel() -> Outcome {
    let function = code::walk_into_kernel as *const () as u64;
    steps_through(
        walk_into_kernel,
        function,
        code::KERNEL_LENGTH,
        code::KERNEL_STEPS,
    )
}

/// The exceptions are told with the address of the next instruction, so the function's first is not inside by the step
/// before it only if that is told, too: as many addresses inside as instructions.
#[track_caller]
fn steps_through(debuggee: fn(), first: u64, length: u64, steps: u64) -> Outcome {
    let handler = watcher::start()?;
    for plan in [worker::here(), worker::away()] {
        for word in [DONE, COUNT, INSIDE] {
            board::put(word, 0);
        }
        board::put(STEP, 1);
        board::put(FIRST, first);
        board::put(END, first + length);
        watch(plan, handler, debuggee)?;
        until("the end", || board::get(DONE) == 1)?;
        equal("the stop", logged(0).0, 3)?;
        equal("steps inside", board::get(INSIDE), steps)?;
        check("steps outside", board::get(COUNT) > steps + 1)?;
    }
    Ok(())
}

fn count() {
    spin(1)
}

/// The trap flag by ExchangeRegisters: a thread that runs freely begins to walk, and runs freely again.
pub(super) fn by_exchange_registers() -> Outcome {
    let handler = watcher::start()?;
    let id = watch(worker::here(), handler, count)?;
    until("it runs", || board::get(1) > 0)?;
    let flags = |flags| {
        let set = Registers {
            control: bit::SET_FLAGS,
            flags,
            ..Registers::default()
        };
        raw::exchange(id.raw(), set).1.flags
    };
    board::put(STEP, 1);
    flags(l4::exception::TRAP_FLAG);
    until("steps", || board::get(COUNT) > 20)?;
    equal("the first", logged(0).0, 1)?;
    board::put(STEP, 0);
    until("it runs freely", || {
        let (steps, count) = (board::get(COUNT), board::get(1));
        crate::harness::pause(10_000);
        board::get(COUNT) == steps && board::get(1) > count
    })?;
    hex("trap flag", flags(0) & l4::exception::TRAP_FLAG, 0)
}

fn led() {
    code::stop();
    code::write(word(), 5);
    code::stop();
}

/// The next exception of the debuggee.
#[track_caller]
fn next(
    registers: Option<(l4::ThreadId, Exception)>,
) -> Result<(l4::ThreadId, Exception), Failure> {
    let received = match registers {
        None => ipc::wait()?,
        Some((id, registers)) => ipc::call(id, &registers.answer())?,
    };
    match Exception::from_message(&received.message) {
        Some(exception) => Ok((received.from, exception)),
        None => Err(Failure::new(format_args!(
            "not an exception: {:?}",
            received.message.tag()
        ))),
    }
}

/// The debugger sets a breakpoint for a thread of another space, and takes it away; all other registers are as they were.
pub(super) fn breakpoints_by_the_debugger() -> Outcome {
    watch(worker::away(), thread::myself(), led)?;
    let (id, first) = next(None)?;
    let watched = Breakpoint {
        on: On::Write,
        address: board::address(WORD),
        length: 8,
    };
    let (_, loaded) = next(Some((
        id,
        debug::load(&[None, None, None, Some(watched)], &first),
    )))?;
    equal("nothing had fired", debug::loaded(&loaded), Some(0))?;
    let (_, hit) = next(Some((id, first)))?;
    equal("vector", hit.vector(), 1)?;
    let after = code::write as *const () as u64 + code::WRITE_LENGTH;
    hex("RIP", hit.get(register::RIP), after)?;
    equal("the word", board::get(WORD), 5)?;
    let (_, loaded) = next(Some((id, debug::load(&[None; 4], &hit))))?;
    equal("the fourth had fired", debug::loaded(&loaded), Some(8))?;
    let (_, last) = next(Some((id, hit)))?;
    equal("vector", last.vector(), 3)?;
    equal("RBX", last.get(register::RBX), first.get(register::RBX))
}
