//! Stage 5: who runs next. On the running thread's CPU, interrupts off.

use crate::arch::x86_64::switch;
use crate::cpu::Cpu;
use crate::sched;
use crate::thread::{Owned, Resources, State, Tcb, resources};

/// Who runs after an IPC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub(crate) enum Disposition {
    /// The caller goes on.
    Stay,
    /// The partner runs at once: direct switch.
    SwitchTo(Owned),
    /// The caller cannot go on, or should not: the dispatcher picks.
    Dispatch,
}

impl Disposition {
    /// For the assembler end of a system call: the caller, the partner, or null. Readies `me` for being left.
    pub(super) fn next(self, me: Owned) -> *const Tcb {
        match self {
            Self::Stay => me.as_ptr(),
            Self::SwitchTo(partner) => {
                resources::leave(crate::cpu::current(), me);
                resources::arrive(partner);
                partner.as_ptr()
            }
            Self::Dispatch => {
                resources::leave(crate::cpu::current(), me);
                core::ptr::null()
            }
        }
    }

    /// For kernel code on `me`'s stack: leaves if it has to, and returns when `me` runs again.
    pub(super) fn carry_out(self, me: Owned) {
        match self {
            Self::Stay => {}
            Self::SwitchTo(partner) => {
                resources::pass(crate::cpu::current(), me, partner);
            }
            Self::Dispatch => {
                resources::leave(crate::cpu::current(), me);
                switch::to_dispatcher(me);
            }
        }
    }
}

/// `me` has just blocked and `partner`, unlisted, got its message: switch directly if it may run here.
pub(super) fn give_cpu_to(cpu: &Cpu, partner: Owned) -> Disposition {
    const STAYS: u32 = Resources::STOPPED | Resources::MOVE | Resources::INTERRUPT;
    let must_not_run = partner.resources.get() & STAYS != 0;
    if must_not_run || cpu.reschedule.get() || cfg!(feature = "without-direct-switch") {
        sched::wake(cpu, partner);
        return Disposition::Dispatch;
    }
    partner.set_state(cpu, State::Ready);
    Disposition::SwitchTo(partner)
}

/// `me` can go on; others may have become ready meanwhile and outrank it, or it was stopped in the middle of a message.
pub(super) fn stay(cpu: &Cpu, me: Owned) -> Disposition {
    if !cpu.reschedule.get() || sched::goes_on(cpu, me) {
        return Disposition::Stay;
    }
    sched::step_aside(cpu, me);
    Disposition::Dispatch
}
