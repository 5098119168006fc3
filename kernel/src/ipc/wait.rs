//! A timeout ends a phase. On the thread's home CPU, interrupts off, from the timer.

use pecan_abi::error::IpcCode;
use pecan_smp::request::Reason;

use super::{answer, meet, on_behalf, queue, strings};
use crate::cpu::Cpu;
use crate::sched;
use crate::thread::{Owned, State};

/// The deadline of `thread` has passed.
pub(crate) fn time_out(cpu: &Cpu, thread: Owned) {
    sched::disarm(thread);
    match thread.state() {
        State::Waiting => {
            answer::refused_receive(thread, IpcCode::Timeout);
            sched::wake(cpu, thread);
        }
        State::Sending => {
            queue::unlink(thread.name());
            on_behalf::failed(thread, IpcCode::Timeout);
            sched::wake(cpu, thread);
        }
        State::Asking => {
            // If the request has ended silently, the thread waits for ever; else its answer is on the way.
            meet::settle(cpu, thread, Reason::Timeout);
        }
        State::Locked => strings::time_out(cpu, thread),
        State::Free
        | State::Inactive
        | State::Ready
        | State::Controlling
        | State::Halted
        | State::Moving
        | State::Dying => {}
    }
}
