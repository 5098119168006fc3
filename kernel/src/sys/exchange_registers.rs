//! ExchangeRegisters: look at and change a thread from outside (L4 X.2, ExchangeRegisters).

use pecan_abi::error::SysError;
use pecan_abi::exregs;
use pecan_abi::id::ThreadId;

use super::refuse;
use super::remote::{Control, Operation, carry_out};
use crate::arch::x86_64::entry::call::CallFrame;
use crate::arch::x86_64::stubs::number;
use crate::cpu::Cpu;
use crate::ipc::cancel::{self, Engaged};
use crate::sched;
use crate::thread::{Field, Owned, Resources, State, start, table};

/// The call: rax dest, rsi control, rdx sp, r8 ip, r9 flags, r10 user handle, rdi pager; results in the same
/// registers. A destination that was given as a local id is reported by its global one, and the other way round.
#[inline(never)]
pub(super) fn call(me: Owned, frame: &mut CallFrame) {
    let given_locally = frame.rbp == number::EXCHANGE_REGISTERS_LOCAL;
    let words = [
        frame.rsi,
        frame.rdx,
        frame.r8,
        frame.r9,
        frame.r10,
        frame.rdi,
        u64::from(given_locally),
    ];
    let request = Control::new(
        Operation::ExchangeRegisters,
        ThreadId::from_raw(frame.rax),
        me,
        words,
    );
    let done = if ThreadId::from_raw(frame.rax).is_global() {
        carry_out(me, request)
    } else {
        Control {
            error: Some(SysError::InvalidThread),
            ..request
        }
    };
    let results = match done.error {
        None => done.words,
        Some(error) => {
            refuse(me, error);
            [0; 7]
        }
    };
    [
        frame.rsi, frame.rdx, frame.r8, frame.r9, frame.r10, frame.rdi, frame.rax,
    ] = results;
}

/// Carries the call out on `target`. Its home, interrupts off. Results: control, sp, ip, flags, handle, pager, id.
#[inline(never)]
pub(super) fn execute(cpu: &Cpu, target: Owned, mut control: Control) -> Control {
    if !may(target, control.caller) {
        control.error = Some(SysError::InvalidThread);
        return control;
    }
    let request = control.words;
    let phase = cancel::phase(target);
    let halted = target.resources.get() & Resources::HALTED != 0;
    let engaged = match phase {
        Engaged::Neither => 0,
        Engaged::Receiving => exregs::RECEIVE,
        Engaged::Sending => exregs::SEND,
    };
    let state = engaged | if halted { exregs::HALT } else { 0 };
    let utcb = target.utcb.get();
    let (ip, sp, flags) = start::with_frame(target, |frame| (frame.ip, frame.sp, frame.flags));
    let id = if request[6] != 0 {
        target.id()
    } else {
        target.local_id.get()
    };
    let old = [
        state,
        sp,
        ip,
        flags,
        utcb.get(Field::USER_HANDLE),
        utcb.get(Field::PAGER),
        id,
    ];
    write_registers(target, request);
    let asked = |bit: u64| request[0] & bit != 0;
    if asked(exregs::HALT_VALID) {
        set_halted(cpu, target, asked(exregs::HALT));
    }
    cancel::abort(cpu, target, asked(exregs::RECEIVE), asked(exregs::SEND));
    control.words = old;
    control
}

/// The target is active, and it or its pager lives in the caller's space.
fn may(target: Owned, caller: u64) -> bool {
    let active = !matches!(target.state(), State::Free | State::Inactive | State::Dying);
    let Some(caller) = table::find(caller).filter(|_| active) else {
        return false;
    };
    if caller.same_space(&target) {
        return true;
    }
    let pager = target.utcb.get().get(Field::PAGER);
    table::find(pager).is_some_and(|pager| pager.same_space(&caller))
}

fn write_registers(target: Owned, request: [u64; 7]) {
    let [control, sp, ip, flags, handle, pager, _] = request;
    let utcb = target.utcb.get();
    let (old_ip, old_sp) = start::with_frame(target, |frame| (frame.ip, frame.sp));
    let new_ip = if control & exregs::SET_IP != 0 {
        ip
    } else {
        old_ip
    };
    let new_sp = if control & exregs::SET_SP != 0 {
        sp
    } else {
        old_sp
    };
    start::set_frame(target, new_ip, new_sp);
    if control & exregs::SET_FLAGS != 0 {
        start::set_flags(target, flags);
    }
    if control & exregs::SET_HANDLE != 0 {
        utcb.set(Field::USER_HANDLE, handle);
    }
    if control & exregs::SET_PAGER != 0 {
        utcb.set(Field::PAGER, pager);
    }
}

/// Stops `target`, or lets it go on. A thread in an IPC stops when that ends.
fn set_halted(cpu: &Cpu, target: Owned, halted: bool) {
    let others = target.resources.get() & !Resources::HALTED;
    if halted {
        target.resources.set(others | Resources::HALTED);
        let in_transfer = others & Resources::TRANSFER != 0;
        if target.state() == State::Ready && !in_transfer {
            target.set_state(cpu, State::Halted);
            if cpu.running() == Some(target.name()) {
                cpu.reschedule.set(true);
            }
        }
        return;
    }
    target.resources.set(others);
    if target.state() == State::Halted {
        sched::wake(cpu, target);
    }
}
