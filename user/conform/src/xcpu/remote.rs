//! Faults, exceptions and system calls that concern threads of another CPU.

use l4::abi::exregs as bit;
use l4::abi::layout::NOT_GIVEN;
use l4::abi::schedule::{ThreadState, UNCHANGED};
use l4::syscall::Registers;
use l4::{Rights, ThreadId, schedule, thread, utcb};

use super::{far_away, there};
use crate::harness::pager::{self, ADDRESS, COUNT, FROM, WINDOW};
use crate::harness::raw::{self, DONE};
use crate::harness::regular::{local, spin};
use crate::harness::{Outcome, board, equal, hex, ids, pause, until, worker};
use crate::pf::touch;

fn read(address: u64) {
    board::put(21, touch::read(address));
    board::put(20, 1);
}

/// The pager is on CPU 0; all pages of a new space come from there.
pub(super) fn page_faults() -> Outcome {
    let pager = pager::start()?;
    board::put(pager::EMPTY, 3);
    pager::order(WINDOW, touch::page(5, 0x55), Rights::READ);
    let id = worker::start(far_away().pager(pager), read, WINDOW)?;
    until("the thread goes on", || board::get(20) == 1)?;
    hex("what it read", board::get(21), 0x55)?;
    hex("address", board::get(ADDRESS), WINDOW)?;
    hex("from", board::get(FROM), id.raw())?;
    equal("faults", board::get(COUNT), 4)
}

/// Waits for one exception and answers two bytes further.
fn handle_one(_: u64) {
    let Ok(request) = l4::ipc::wait() else { return };
    let mut words = [0; 19];
    words.copy_from_slice(&request.message.untyped()[..19]);
    board::put(0, words[18]);
    words[0] += 2;
    // The thread stays blocked if this fails, and the test says so.
    let _ = l4::ipc::send(request.from, &l4::Message::new(0).words(&words));
}

fn raise(handler: u64) {
    utcb::my().set_exception_handler(ThreadId::from_raw(handler));
    // SAFETY: the handler goes on behind the instruction.
    unsafe { core::arch::asm!("ud2") };
    board::put(1, 1);
}

pub(super) fn exceptions() -> Outcome {
    let handler = worker::start(worker::here(), handle_one, 0)?;
    worker::start(far_away(), raise, handler.raw())?;
    until("the thread goes on", || board::get(1) == 1)?;
    equal("vector", board::get(0), 6)
}

/// Stop, read, write, resume a running thread there.
pub(super) fn exchange_registers() -> Outcome {
    let id = worker::start(there(), spin, 0)?;
    until("it runs", || board::get(0) > 0)?;
    for round in 0..20 {
        let (verdict, old) = raw::control(id, bit::HALT_VALID | bit::HALT);
        hex("result", verdict.result, local(id)?.raw())?;
        hex("control", old.control, 0)?;
        equal("state", schedule::state(id), Ok(ThreadState::Inactive))?;
        let then = board::get(0);
        pause(1_000);
        equal("count while halted", board::get(0), then)?;
        let control = bit::HALT_VALID | bit::SET_HANDLE;
        let new = Registers {
            control,
            handle: round,
            ..Registers::default()
        };
        let (_, old) = raw::exchange(id.raw(), new);
        hex("control of a halted thread", old.control, bit::HALT)?;
        until("it goes on", || board::get(0) > then)?;
        hex("handle", raw::control(id, bit::DELIVER).1.handle, round)?;
    }
    Ok(())
}

/// Pager, scheduler, version and deletion of a thread there.
pub(super) fn thread_control() -> Outcome {
    let id = worker::start(there(), |_| l4::ipc::park(), 0)?;
    worker::until_waiting(&[id])?;
    let pager = ids::fresh();
    let verdict = raw::thread_control(id.raw(), id.raw(), pager.raw(), pager.raw(), NOT_GIVEN);
    equal("verdict", verdict, DONE)?;
    hex("pager", raw::control(id, 0).1.pager, pager.raw())?;
    let new = ids::next_version(id);
    let verdict = raw::thread_control(new.raw(), id.raw(), 0, 0, NOT_GIVEN);
    equal("verdict", verdict, DONE)?;
    equal("state", schedule::state(new), Ok(ThreadState::Waiting))?;
    equal(
        "the old id",
        schedule::state(id),
        Err(l4::SysError::InvalidThread),
    )?;
    equal("deletion", raw::delete(new), DONE)?;
    equal(
        "state",
        schedule::state(new),
        Err(l4::SysError::InvalidThread),
    )
}

/// Priorities of threads there are changed from here.
pub(super) fn schedule() -> Outcome {
    let low = worker::start(there().priority(90), spin, 0)?;
    until("the first runs", || board::get(0) > 0)?;
    let high = worker::start(there().priority(110), spin, 1)?;
    until("the second runs", || board::get(1) > 0)?;
    schedule::set_priority(high, 80)?;
    let then = board::get(0);
    until("the first again", || board::get(0) > then)?;
    let then = board::get(1);
    pause(20_000);
    equal("count of the lowered one", board::get(1), then)?;
    let words = [low.raw(), 0x27D0_0000, UNCHANGED, UNCHANGED, UNCHANGED];
    let (verdict, _) = raw::schedule(words);
    equal("state", verdict.result, 3)?;
    equal(
        "bad processor",
        raw::schedule([low.raw(), UNCHANGED, 0xFFFF, UNCHANGED, UNCHANGED]).0,
        raw::refused(5),
    )
}

/// To a thread of another CPU one cannot switch: a yield.
pub(super) fn thread_switch() -> Outcome {
    let far = worker::start(there(), spin, 0)?;
    until("it runs", || board::get(0) > 0)?;
    board::put(10, far.raw());
    let switch = |_| {
        for _ in 0..100 {
            schedule::switch_to(ThreadId::from_raw(board::get(10)));
        }
        u64::from(thread::myself().is_global())
    };
    equal("came back", worker::perform(worker::here(), switch, 0)?, 1)
}
