//! Schedule: priority, time slice, processor (L4 X.2, Schedule).

use pecan_abi::error::SysError;
use pecan_abi::id::ThreadId;
use pecan_abi::schedule::{self, PreemptionControl, ThreadState, TimeControl};
use pecan_abi::time::TimeKind;

use super::refuse;
use super::remote::{Control, Operation, carry_out};
use crate::arch::x86_64::entry::syscall::CallFrame;
use crate::cpu::{self, Cpu};
use crate::ipc::cancel::{self, Engaged};
use crate::irq;
use crate::sched;
use crate::thread::{Field, Owned, Part, State, migrate, table};

/// The call: rdi dest, rdx time, r8 processor, rsi priority, r9 preemption control; rax state, rdx old time control.
#[inline(never)]
pub(super) fn call(me: Owned, frame: &mut CallFrame) {
    let dest = ThreadId::from_raw(frame.rdi);
    if dest.is_nil() {
        (frame.rax, frame.rdx) = (0, 0);
        return;
    }
    let words = [frame.rdx, frame.r8, frame.rsi, frame.r9, 0, 0, 0];
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

/// What to change; `None` stays.
struct Change {
    slice: Option<u64>,
    processor: Option<u16>,
    priority: Option<u8>,
}

/// Carries the call out on `target`. Its home, interrupts off. Results: state, old time control.
#[inline(never)]
pub(super) fn execute(cpu: &Cpu, target: Owned, mut control: Control) -> Control {
    match read(target, &control) {
        Err(error) => control.error = Some(error),
        Ok(change) => {
            let old_slice = if cpu.running() == Some(target.name()) {
                cpu.slice_left.get()
            } else {
                target.slice_left.get()
            };
            let old =
                schedule::old_time_control(if old_slice == u64::MAX { 0 } else { old_slice }, 0);
            control.words = [state(target) as u64, old, 0, 0, 0, 0, 0];
            apply(cpu, target, &change);
        }
    }
    control
}

fn read(target: Owned, control: &Control) -> Result<Change, SysError> {
    let caller = table::find(control.caller).ok_or(SysError::NoPrivilege)?;
    let privileged = caller
        .space()
        .is_some_and(crate::space::Space::is_privileged);
    if !privileged && target.scheduler.get() != control.caller {
        return Err(SysError::NoPrivilege);
    }
    let [time, processor, priority, preemption, ..] = control.words;
    let change = Change {
        slice: TimeControl::from_raw(time).map(slice).transpose()?,
        processor: schedule::processor(processor),
        priority: schedule::priority(priority),
    };
    // The longest delay and the sensitive priority have no effect yet, so only leaving them alone succeeds.
    if PreemptionControl::from_raw(preemption)
        .is_some_and(|asked| asked.max_delay != 0 || asked.sensitive_priority != 0)
    {
        return Err(SysError::InvalidParameter);
    }
    if change
        .processor
        .is_some_and(|processor| usize::from(processor) >= cpu::count())
    {
        return Err(SysError::InvalidParameter);
    }
    if !privileged
        && change
            .priority
            .is_some_and(|priority| priority > caller.priority.get())
    {
        return Err(SysError::NoPrivilege);
    }
    Ok(change)
}

/// The length of the slice that a time control asks for; a total quantum other than unlimited is not available.
fn slice(time: TimeControl) -> Result<u64, SysError> {
    if time.quantum.kind() != TimeKind::Never {
        return Err(SysError::InvalidThread);
    }
    match time.slice.kind() {
        TimeKind::Never => Ok(u64::MAX),
        TimeKind::Period { micros } => Ok(micros.max(1)),
        TimeKind::Zero | TimeKind::Point(_) => Err(SysError::InvalidThread),
    }
}

fn state(target: Owned) -> ThreadState {
    if irq::is_idle(target) {
        return ThreadState::Inactive;
    }
    match target.transfer.part.get() {
        Part::None => {}
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
    if let Some(slice) = change.slice {
        target.slice.set(slice);
        target.slice_left.set(slice);
        if cpu.running() == Some(target.name()) {
            cpu.slice_left.set(slice);
        }
    }
    if let Some(priority) = change.priority {
        set_priority(cpu, target, priority);
    }
    if let Some(processor) = change.processor {
        migrate::ask(cpu, target, processor);
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
