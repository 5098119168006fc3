//! May the running thread go on? Asked when something set `Cpu::reschedule`, on the way back to user mode or at the end of an
//! IPC. This CPU, on the running thread's stack, interrupts off.
//!
//! The decision is `pecan_rules::preemption`; the user's flags count as they are now. While others are held off, or wait for
//! a donated slice to end, `reschedule` stays set, so each of these ways asks again.
//!
//! A preemption is signalled if it finds the thread in user mode: what its own system calls bring about is no surprise to it.

use pecan_abi::utcb::PreemptFlags;
use pecan_rules::preemption::{Holder, Verdict, verdict};
use x86_64::instructions::interrupts;

use super::ready::preempt;
use crate::cpu::{self, Cpu};
use crate::ipc::fault;
use crate::space::end;
use crate::thread::links::Links;
use crate::thread::{Owned, Resources, State};

/// Lets the dispatcher choose, if something asked for it and `me` may not go on. In the middle of a system call.
pub(crate) fn preempt_if_asked(cpu: &Cpu, me: Owned) {
    if cpu.reschedule.get() && !goes_on(cpu, me) {
        preempt(cpu, me);
    }
}

/// In the middle of something long that is done for the running thread `me`: lets in what waits, interrupts and threads that they made
/// ready. Returns when `me` goes on, perhaps on another CPU.
pub(crate) fn let_others_in(me: Owned) {
    interrupts::enable();
    core::hint::spin_loop();
    interrupts::disable();
    preempt_if_asked(cpu::current(), me);
}

/// As [`preempt_if_asked`], at the end of a system call other than IPC.
pub(crate) fn leave_call(cpu: &Cpu, me: Owned) {
    if cpu.reschedule.get() {
        reconsider(me, false);
    }
}

/// As [`preempt_if_asked`], at the end of an interrupt or exception that came in user mode: a preemption is signalled to the
/// scheduler if the thread wants that.
pub(crate) fn leave_interrupt(cpu: &Cpu, me: Owned) {
    if cpu.reschedule.get() {
        reconsider(me, true);
    }
}

#[inline(never)]
fn reconsider(me: Owned, in_user_mode: bool) {
    if me.quantum_left.get() == 0 && me.state() == State::Ready {
        fault::preemption::quantum_used_up(me);
    }
    let flags = flags(me);
    if decide(cpu::current(), me, flags) != Verdict::Preempted {
        return;
    }
    let signals = in_user_mode && flags.contains(PreemptFlags::SIGNAL);
    if signals && !must_leave(cpu::current(), me) {
        fault::preemption::signal(me);
        // Whoever answered has handed the CPU over, perhaps past others.
        if goes_on(cpu::current(), me) {
            return;
        }
    }
    preempt(cpu::current(), me);
}

/// Whether `me` may go on, though something asked for the dispatcher.
#[inline(never)]
pub(crate) fn goes_on(cpu: &Cpu, me: Owned) -> bool {
    decide(cpu, me, flags(me)) != Verdict::Preempted
}

/// The preemption flags of an active thread.
fn flags(me: Owned) -> PreemptFlags {
    me.utcb.get().preempt_flags()
}

/// Whether `thread`, which can run, does so at once instead of `me`, the running thread: it outranks it and has time left, `me`
/// neither holds others off nor wants to hear of it, and nothing waits for the dispatcher.
#[inline(always)]
pub(super) fn takes_over(cpu: &Cpu, me: Owned, thread: Owned) -> bool {
    const OBJECTS: u8 = PreemptFlags::DELAY | PreemptFlags::SIGNAL;
    thread.priority.get() > me.priority.get()
        && thread.slice_left.get() != 0
        && flags(me).0 & OBJECTS == 0
        && !cpu.reschedule.get()
}

fn decide(cpu: &Cpu, me: Owned, flags: PreemptFlags) -> Verdict {
    if must_leave(cpu, me) {
        return Verdict::Preempted;
    }
    let resources = me.resources.get();
    let holder = Holder {
        priority: me.priority.get(),
        donor: (resources & Resources::DONATED != 0).then(|| cpu.donor.get()),
        slice_over: cpu.slice_left.get() == 0,
        delays: flags.contains(PreemptFlags::DELAY),
        allowance: me.allowance.get(),
    };
    let contender = cpu.ready.with(|ready| ready.top(&mut Links)).unwrap_or(0);
    let verdict = verdict(holder, contender);
    match verdict {
        Verdict::Held if resources & Resources::HELD == 0 => hold(cpu, me, flags),
        Verdict::Runs => {
            me.resources.set(resources & !Resources::HELD);
            cpu.reschedule.set(resources & Resources::DONATED != 0);
        }
        Verdict::Held | Verdict::Preempted => {}
    }
    verdict
}

/// Whether the dispatcher has something else to do than to choose.
fn must_leave(cpu: &Cpu, me: Owned) -> bool {
    me.state() != State::Ready
        || me.resources.get() & Resources::MOVE != 0
        || cpu.departing.get().is_some()
        || cpu.buried.get().is_some()
        || end::is_due(cpu)
        || cpu.mailbox.0.has_mail()
        || cpu.backlog.is_postponed()
}

/// The preemption of `me` is pending from now on, and it can see that.
fn hold(cpu: &Cpu, me: Owned, flags: PreemptFlags) {
    cpu.reschedule.set(true);
    me.resources.set(me.resources.get() | Resources::HELD);
    me.utcb
        .get()
        .set_preempt_flags(PreemptFlags(flags.0 | PreemptFlags::PENDING));
}

/// `me` gives way of its own accord: it may delay again, and no preemption is pending any more.
#[inline]
pub(super) fn rearm(me: Owned) {
    let allowance = me.allowance.get();
    if allowance.is_used() || me.resources.get() & Resources::HELD != 0 {
        let flags = flags(me);
        me.allowance.set(allowance.refill());
        me.utcb
            .get()
            .set_preempt_flags(PreemptFlags(flags.0 & !PreemptFlags::PENDING));
    }
}

/// The priority that others must exceed to take the CPU from the running thread `me`.
pub(super) fn standing(cpu: &Cpu, me: Owned) -> u8 {
    let donated = me.resources.get() & Resources::DONATED != 0;
    let own = me.priority.get();
    if donated {
        own.max(cpu.donor.get())
    } else {
        own
    }
}
