//! Schedule: time slice and total quantum, processor, priority, delayed preemption (L4 X.2, Schedule).

use pecan_abi::error::SysError;
use pecan_abi::id::ThreadId;
use pecan_abi::schedule::{self, ThreadState};
use pecan_rules::budget::UNLIMITED;
use pecan_rules::schedule::{Caller, Change, change};

use super::remote::{Control, Operation, carry_out};
use super::{is_privileged, refuse};
use crate::arch::x86_64::entry::call::CallFrame;
use crate::cpu::{self, Cpu};
use crate::ipc::cancel::{self, Engaged};
use crate::irq;
use crate::sched;
use crate::thread::{Field, Owned, Part, Resources, State, migrate};

/// The call: rdi dest, rdx time, r8 processor, rsi priority, r9 preemption control; rax state, rdx old time control.
#[inline(never)]
pub(super) fn call(me: Owned, frame: &mut CallFrame) {
    let dest = ThreadId::from_raw(frame.rdi);
    if dest.is_nil() {
        (frame.rax, frame.rdx) = (0, 0);
        return;
    }
    // The caller's rights are known here, and lie with another CPU only as a copy.
    let (privileged, own) = (u64::from(is_privileged(me)), u64::from(me.priority.get()));
    let words = [frame.rdx, frame.r8, frame.rsi, frame.r9, privileged, own, 0];
    let done = if dest.is_global() {
        carry_out(me, Control::new(Operation::Schedule, dest, me, words))
    } else {
        Control {
            error: Some(SysError::InvalidThread),
            ..Control::EMPTY
        }
    };
    (frame.rax, frame.rdx) = match done.error {
        None => {
            me.utcb.get().set(Field::ERROR_CODE, 0);
            (done.words[0], done.words[1])
        }
        Some(error) => (refuse(me, error), 0),
    };
}

/// Carries the call out on `target`. Its home, interrupts off. Results: state, old time control.
#[inline(never)]
pub(super) fn execute(cpu: &Cpu, target: Owned, mut control: Control) -> Control {
    let [time, processor, priority, preemption, is_privileged, own, _] = control.words;
    let caller = Caller {
        privileged: is_privileged != 0,
        is_scheduler: target.scheduler.get() == control.caller,
        priority: own as u8,
    };
    let words = [time, processor, priority, preemption];
    match change(words, caller, target.priority.get(), cpu::count()) {
        Err(error) => control.error = Some(error),
        Ok(change) => {
            control.words = [state(target) as u64, old_time(cpu, target), 0, 0, 0, 0, 0];
            apply(cpu, target, &change);
        }
    }
    control
}

/// What is left of slice and quantum, in microseconds; 0 stands for no limit.
fn old_time(cpu: &Cpu, target: Owned) -> u64 {
    let slice = if cpu.running() == Some(target.name()) {
        cpu.slice_left.get()
    } else {
        target.slice_left.get()
    };
    let limited = |left| if left == UNLIMITED { 0 } else { left };
    schedule::old_time_control(limited(slice), limited(target.quantum_left.get()))
}

fn state(target: Owned) -> ThreadState {
    if irq::is_idle(target) {
        return ThreadState::Inactive;
    }
    match target.transfer.part.get() {
        Part::NONE => {}
        part if part.sends() => return ThreadState::Sending,
        _ => return ThreadState::Receiving,
    }
    match target.state() {
        State::Free | State::Inactive | State::Dying => ThreadState::Dead,
        State::Halted => ThreadState::Inactive,
        State::Ready => ThreadState::Running,
        State::Controlling | State::Moving | State::Locked => ThreadState::Waiting,
        State::Waiting | State::Sending | State::Asking => match cancel::phase(target) {
            Engaged::Sending => ThreadState::PendingSend,
            Engaged::Receiving | Engaged::Neither => ThreadState::Waiting,
        },
    }
}

fn apply(cpu: &Cpu, target: Owned, change: &Change) {
    if let Some(priority) = change.priority {
        set_priority(cpu, target, priority);
    }
    if let Some(max_delay) = change.max_delay {
        let allowance = target.allowance.get();
        target
            .allowance
            .set(allowance.with(max_delay, change.sensitive));
    }
    if let Some((slice, quantum)) = change.time {
        set_time(cpu, target, slice, quantum);
    }
    if let Some(processor) = change.processor {
        migrate::ask(cpu, target, processor);
    }
}

/// A whole slice and a whole quantum. Who was stopped because the last quantum was used up goes on.
fn set_time(cpu: &Cpu, target: Owned, slice: u64, quantum: u64) {
    target.slice.set(slice);
    target.slice_left.set(slice);
    if cpu.running() == Some(target.name()) {
        cpu.slice_left.set(slice);
    }
    target.quantum_left.set(quantum);
    let resources = target.resources.get();
    if resources & Resources::SPENT != 0 {
        target.resources.set(resources & !Resources::SPENT);
        if target.state() == State::Halted {
            sched::wake(cpu, target);
        }
    }
}

fn set_priority(cpu: &Cpu, target: Owned, priority: u8) {
    let was_listed = target.listed.get();
    cpu.ready
        .with(|ready| ready.remove(&mut crate::thread::links::Links, target.name()));
    target.priority.set(priority);
    if cpu.running() == Some(target.name()) {
        if cpu.ready.with(|ready| ready.highest()) > priority {
            cpu.reschedule.set(true);
        }
    } else if was_listed && target.state() == State::Ready {
        sched::wake(cpu, target);
    }
}
