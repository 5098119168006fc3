//! ExchangeRegisters ends a phase. On the thread's home CPU, interrupts off.

use pecan_abi::error::IpcCode;
use pecan_smp::request::Reason;

use super::{answer, meet, on_behalf, queue, strings};
use crate::cpu::Cpu;
use crate::sched;
use crate::thread::{Owned, Part, State};

/// Which phase a blocked thread is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Engaged {
    /// In no IPC.
    Neither,
    /// In its receive phase.
    Receiving,
    /// In its send phase.
    Sending,
}

/// The phase that `thread` is in; a request that has ended silently counts as receiving.
pub(crate) fn phase(thread: Owned) -> Engaged {
    match thread.transfer.part.get() {
        Part::NONE => {}
        part if part.sends() => return Engaged::Sending,
        _ => return Engaged::Receiving,
    }
    match thread.state() {
        State::Waiting => Engaged::Receiving,
        State::Sending => Engaged::Sending,
        State::Asking if thread.request.look().is_delivered() => Engaged::Receiving,
        State::Asking => Engaged::Sending,
        _ => Engaged::Neither,
    }
}

/// Cancels the phase that `thread` is in, if it is the receive phase and `receiving`, or the send phase and `sending`.
/// A message whose strings are on their way ends for both partners. True: it has ended, or will when the thread runs.
pub(crate) fn abort(cpu: &Cpu, thread: Owned, receiving: bool, sending: bool) -> bool {
    let part = thread.transfer.part.get();
    if part != Part::NONE {
        let asked = if part.sends() { sending } else { receiving };
        if asked {
            strings::break_off(cpu, thread, strings::Cause::Aborted);
        }
        return asked;
    }
    if thread.state() == State::Asking && (receiving || sending) {
        abort_request(cpu, thread, receiving, sending);
    }
    match thread.state() {
        State::Waiting if receiving => answer::refused_receive(thread, IpcCode::Cancelled),
        State::Sending if sending => {
            queue::unlink(thread.name());
            on_behalf::failed(thread, IpcCode::Cancelled);
        }
        _ => return false,
    }
    sched::disarm(thread);
    sched::wake(cpu, thread);
    true
}

/// The request of `thread` is out: ended silently it becomes a wait, which the caller aborts; else its answer will
/// bring the error.
fn abort_request(cpu: &Cpu, thread: Owned, receiving: bool, sending: bool) {
    let delivered = thread.request.look().is_delivered();
    if delivered || sending {
        thread
            .receive_aborted
            .set(receiving || thread.receive_aborted.get());
        meet::settle(cpu, thread, Reason::Abort);
    } else if receiving {
        meet::settle(cpu, thread, Reason::Behind);
    }
}
