//! Preemption faults (L4 X.2, preemption-fault protocol).

use pecan_abi::acceptor::Acceptor;
use pecan_abi::protocol::PreemptionFault;

use super::call::{Outcome, call};
use crate::arch::x86_64::clock;
use crate::cpu;
use crate::sched;
use crate::thread::{Aside, Owned, Resources, State};

/// `me`, the running thread, is preempted and wants its scheduler to know. Returns when that has answered, or at once if
/// there is none.
#[inline(never)]
pub(crate) fn signal(me: Owned) {
    // Whatever comes of it, the thread goes on.
    let _ = raise(me);
}

fn raise(me: Owned) -> Outcome {
    let scheduler = me.scheduler.get();
    if scheduler == me.id() {
        return Outcome::Nobody;
    }
    sched::keep_slice(cpu::current(), me);
    let fault = PreemptionFault {
        micros: clock::micros(),
    };
    let mut aside = Aside::new(fault.words());
    call(me, scheduler, &mut aside, Acceptor::UNTYPED)
}

/// The total quantum of `me`, the running thread, is used up: its scheduler is told. `me` goes on when that has answered and
/// a Schedule has given it a new quantum, whichever comes last.
#[inline(never)]
pub(crate) fn quantum_used_up(me: Owned) {
    let outcome = raise(me);
    if me.quantum_left.get() != 0 {
        return;
    }
    if outcome != Outcome::Answered {
        log::debug!("thread {:x} stopped: its quantum is used up", me.id());
    }
    let cpu = cpu::current();
    me.resources.set(me.resources.get() | Resources::SPENT);
    me.set_state(cpu, State::Halted);
    sched::preempt(cpu, me);
}
