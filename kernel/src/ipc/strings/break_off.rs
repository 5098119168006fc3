//! A transfer ends before the message is whole: a transfer timeout, an abort, the end of a thread. On the CPU of both,
//! interrupts off; neither is executing a copy, though one may be interrupted in it.
//!
//! Each ends for itself. A partner that is only locked hears at once; a thread that is in the kernel, copying or asking its
//! pager, hears when it runs, so nobody waits for the other.

use pecan_abi::error::{IpcCode, IpcError, Phase};

use super::lock;
use crate::cpu::Cpu;
use crate::ipc::{answer, cancel, on_behalf};
use crate::sched;
use crate::thread::{Owned, Part, State};

/// Why a transfer ends too early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    /// ExchangeRegisters, the end of one of the two, or a fault that nobody serves.
    Aborted,
    /// The time that one of them gave it is over.
    Timeout,
}

/// The deadline of the transfer of `thread`, which is one of the two, has passed.
pub(crate) fn time_out(cpu: &Cpu, thread: Owned) {
    break_off(cpu, thread, Cause::Timeout);
}

/// Ends the transfer that `thread` has a part in, for both.
pub(crate) fn break_off(cpu: &Cpu, thread: Owned, cause: Cause) {
    let Some(other) = thread.transfer.partner.get() else {
        return;
    };
    let other = Owned::seen_here(other);
    let (copying, partner) = if thread.transfer.part.get().copies() {
        (thread, other)
    } else {
        (other, thread)
    };
    let offset = copying.transfer.copied.get();
    let receivers = copying.transfer.receivers_deadline.get();
    for one in [copying, partner] {
        let part = one.transfer.part.get();
        let code = code(cause, part.sends() != receivers);
        one.transfer.copied.set(offset);
        one.transfer.broken.set(Some(code));
        one.transfer.broken_part.set(part);
        lock::release(one, 0);
        tell(cpu, one, part);
    }
}

/// The code for one of the two; `own` says that it was this one's time that was over.
fn code(cause: Cause, own: bool) -> IpcCode {
    match (cause, own) {
        (Cause::Aborted, _) => IpcCode::Aborted,
        (Cause::Timeout, true) => IpcCode::XferTimeoutOwn,
        (Cause::Timeout, false) => IpcCode::XferTimeoutPartner,
    }
}

/// Lets `one`, which had `part`, go on to the end of its IPC.
fn tell(cpu: &Cpu, one: Owned, part: Part) {
    match one.state() {
        State::Locked if part.copies() => {
            sched::disarm(one);
            sched::wake(cpu, one);
        }
        State::Locked => {
            sched::disarm(one);
            fail(one);
            if part.sends() {
                on_behalf::return_wait(one);
            }
            sched::wake(cpu, one);
        }
        // It is copying, or about to hear.
        State::Ready => {}
        // It asks its pager.
        _ => {
            cancel::abort(cpu, one, true, true);
        }
    }
}

/// Writes the results of `one`, which was broken off.
pub(crate) fn fail(one: Owned) {
    let Some(code) = one.transfer.broken.take() else {
        return;
    };
    let part = one.transfer.broken_part.get();
    let phase = if part.sends() {
        Phase::Send
    } else {
        Phase::Receive
    };
    let error = IpcError {
        phase,
        code,
        offset: one.transfer.copied.get(),
    };
    if part.sends() {
        answer::cut_send(one, error);
    } else {
        answer::failed(one, one.send_tag.get(), error);
    }
}
