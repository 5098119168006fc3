//! ExchangeRegisters on threads that are in the kernel: in a fault, stopped, not started yet, or the caller itself.

use l4::abi::exregs as bit;
use l4::abi::schedule::ThreadState;
use l4::syscall::Registers;
use l4::{ThreadId, ipc, schedule, thread};

use super::NOTHING;
use super::registers::landing;
use crate::harness::pager::{self, WINDOW};
use crate::harness::regular::spin;
use crate::harness::{Job, Outcome, board, check, equal, hex, pause, raw, until, worker};
use crate::pf::touch;

/// Where [`landing`] finds what it needs: it reports in board word 2 and counts in word 1.
fn to_landing(control: u64) -> Registers {
    board::put(100, board::address(2));
    board::put(101, board::address(1));
    Registers {
        control: control | bit::SET_IP | bit::SET_SP,
        ip: landing as *const () as u64,
        sp: board::address(100),
        ..NOTHING
    }
}

/// A thread whose pager does not answer: its fault is raised again, and then it goes on elsewhere.
pub(super) fn in_a_page_fault() -> Outcome {
    let pager = pager::start()?;
    for plan in [worker::here(), worker::away()] {
        board::put(1, 0);
        let faults = board::get(pager::COUNT);
        let id = worker::start(plan.pager(pager), |_| _ = touch::read(WINDOW), 0)?;
        until("a fault", || board::get(pager::COUNT) == faults + 1)?;
        let (_, old) = raw::control(id, bit::SEND);
        hex("receiving", old.control, bit::RECEIVE)?;
        hex("IP", old.ip, touch::read as *const () as u64)?;
        pause(5_000);
        equal("nothing was ended", board::get(pager::COUNT), faults + 1)?;
        raw::control(id, bit::RECEIVE);
        until("the same fault", || board::get(pager::COUNT) == faults + 2)?;
        hex("address", board::get(pager::ADDRESS), WINDOW)?;
        raw::exchange(id.raw(), to_landing(bit::RECEIVE));
        until("it runs elsewhere", || board::get(1) > 0)?;
        hex("its stack", board::get(2), board::address(100))?;
        equal("deletion", raw::delete(id), raw::DONE)?;
    }
    Ok(())
}

/// A stopped thread takes its message, and does nothing with it before it is resumed.
pub(super) fn stopped_in_an_ipc() -> Outcome {
    let receiver = Job::receive(ThreadId::ANY).start(worker::here())?;
    worker::until_waiting(&[receiver.id])?;
    let (_, old) = raw::control(receiver.id, bit::HALT_VALID | bit::HALT);
    hex("control", old.control, bit::RECEIVE)?;
    let (_, old) = raw::control(receiver.id, 0);
    hex(
        "control when stopped",
        old.control,
        bit::RECEIVE | bit::HALT,
    )?;
    Job::send(receiver.id).words(5, 2, 6).now().ok()?;
    pause(10_000);
    check("it does not go on", !receiver.is_done())?;
    equal(
        "state",
        schedule::state(receiver.id),
        Ok(ThreadState::Inactive),
    )?;
    let (_, old) = raw::control(receiver.id, 0);
    hex("control after the message", old.control, bit::HALT)?;
    raw::control(receiver.id, bit::HALT_VALID);
    receiver.result()?.carries(5, 2, 6, 0)
}

/// Stop with both aborts, then start elsewhere: what debuggers and old programs do.
pub(super) fn stop_then_start() -> Outcome {
    for plan in [worker::here(), worker::away()] {
        board::put(1, 0);
        let id = worker::start(plan, |_| ipc::park(), 0)?;
        worker::until_waiting(&[id])?;
        let (_, old) = raw::control(id, bit::STOP);
        hex("control", old.control, bit::RECEIVE)?;
        worker::until_state(id, ThreadState::Inactive)?;
        let (_, old) = raw::exchange(id.raw(), to_landing(bit::START));
        hex("control of a stopped one", old.control, bit::HALT)?;
        until("it runs", || board::get(1) > 0)?;
    }
    Ok(())
}

/// Changes where it goes on itself: it never returns from the call.
fn leap(_: u64) {
    raw::exchange(thread::myself().raw(), to_landing(0));
    board::put(3, 1);
}

fn stop_myself(_: u64) {
    board::put(3, 1);
    raw::control(thread::myself(), bit::HALT_VALID | bit::HALT);
    board::put(3, 2);
}

/// On oneself: a new instruction pointer counts when the call returns, a stop at once.
pub(super) fn oneself() -> Outcome {
    worker::start(worker::here(), leap, 0)?;
    until("it runs there", || board::get(1) > 0)?;
    equal("it did not return", board::get(3), 0)?;
    let id = worker::start(worker::here(), stop_myself, 0)?;
    until("it stops", || board::get(3) == 1)?;
    worker::until_state(id, ThreadState::Inactive)?;
    equal("it stands", board::get(3), 1)?;
    raw::control(id, bit::HALT_VALID);
    until("it goes on", || board::get(3) == 2)
}

/// The bit for old values changes nothing: they are always delivered.
pub(super) fn delivers() -> Outcome {
    let id = worker::start(worker::here(), |_| ipc::park(), 0)?;
    worker::until_waiting(&[id])?;
    let without = raw::control(id, 0).1;
    equal("old values", raw::control(id, bit::DELIVER).1, without)?;
    check("they are there", without.ip != 0 && without.sp != 0)?;
    // Control-transfer, exception handler and scheduler: bits that mean nothing here.
    equal("unknown bits", raw::control(id, !0x3FF).1, without)?;
    equal("afterwards", raw::control(id, 0).1, without)
}

/// A sender that is queued and stopped is taken all the same, and stands then.
pub(super) fn stopped_while_queued() -> Outcome {
    let sender = Job::send(thread::myself())
        .words(4, 1, 8)
        .start(worker::here())?;
    worker::until_state(sender.id, ThreadState::PendingSend)?;
    let (_, old) = raw::control(sender.id, bit::HALT_VALID | bit::HALT);
    hex("control", old.control, bit::SEND)?;
    Job::receive(sender.id).now().carries(4, 1, 8, 0)?;
    pause(5_000);
    check("it does not go on", !sender.is_done())?;
    raw::control(sender.id, bit::HALT_VALID);
    sender.result()?.ok()
}

/// A thread that runs is stopped and changed in one call.
pub(super) fn stop_and_change() -> Outcome {
    let id = worker::start(worker::here(), spin, 0)?;
    until("it runs", || board::get(0) > 0)?;
    raw::exchange(id.raw(), to_landing(bit::HALT_VALID | bit::HALT));
    pause(10_000);
    equal("it stands", board::get(1), 0)?;
    raw::control(id, bit::HALT_VALID);
    until("it runs there", || board::get(1) > 0)
}
