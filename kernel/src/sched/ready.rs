//! Becoming ready, being preempted, giving way. All on the thread's home CPU, interrupts off.

use pecan_rules::budget;

use super::dispatch;
use super::preempt::{rearm, standing, takes_over};
use crate::arch::x86_64::switch;
use crate::cpu::{self, Cpu};
use crate::irq;
use crate::thread::links::Links;
use crate::thread::{Owned, Resources, State, migrate, resources};

/// `thread` can run from now on, unless it is stopped; that of an interrupt goes on in its own way. Asks for the dispatcher if
/// it outranks who runs.
pub(crate) fn wake(cpu: &Cpu, thread: Owned) {
    let pending = thread.resources.get();
    if pending & Resources::INTERRUPT != 0 {
        return irq::proceed(thread);
    }
    // In the middle of a transfer a thread stops only when that is over.
    if pending & Resources::STOPPED != 0 && pending & Resources::TRANSFER == 0 {
        thread.set_state(cpu, State::Halted);
    } else {
        thread.set_state(cpu, State::Ready);
        cpu.ready
            .with(|ready| ready.enqueue(&mut Links, thread.name()));
        let outranked = cpu
            .running()
            .is_none_or(|running| running.priority.get() < thread.priority.get());
        if outranked {
            cpu.reschedule.set(true);
        }
    }
    if pending & Resources::MOVE != 0 {
        migrate::depart(cpu, thread);
    }
}

/// `thread`, which was blocked, is about to run without standing in line: on its own slice, a new one if it has none left.
#[inline(always)]
pub(super) fn begin_turn(cpu: &Cpu, thread: Owned) {
    thread.set_ready(cpu);
    if thread.slice_left.get() == 0 {
        thread.slice_left.set(thread.slice.get());
    }
    cpu.slice_left.set(thread.slice_left.get());
}

/// Takes `thread` out of the ready lists and the wakeup queue, for it leaves or dies.
pub(crate) fn unlist(cpu: &Cpu, thread: Owned) {
    cpu.ready
        .with(|ready| ready.remove(&mut Links, thread.name()));
    cpu.wakeups
        .with(|wakeups| wakeups.remove(&mut Links, thread.name()));
}

/// The running thread `me` leaves the CPU, listed if it is still ready; returns when it is picked again, perhaps on
/// another CPU.
pub(crate) fn preempt(cpu: &Cpu, me: Owned) {
    step_aside(cpu, me);
    leave(me);
}

/// The running thread `me` is about to leave the CPU, though it may be ready. With some of its slice left it is the next of
/// its priority, so that it goes on with that; else it goes behind the others with a new one. Whom a donation ran keeps the
/// turn that it had.
#[inline(always)]
pub(crate) fn step_aside(cpu: &Cpu, me: Owned) {
    keep_slice(cpu, me);
    let donated = me.resources.get() & Resources::DONATED != 0;
    let is_next = cpu.ready.with(|ready| ready.is_first(&Links, me.name()));
    if donated || me.slice_left.get() == 0 || !is_next {
        stand_in_line(cpu, me);
    }
}

/// As [`step_aside`], for whom it is not the turn already.
#[inline(never)]
fn stand_in_line(cpu: &Cpu, me: Owned) {
    if me.state() != State::Ready {
        return;
    }
    let donated = me.resources.get() & Resources::DONATED != 0;
    let over = me.slice_left.get() == 0;
    cpu.ready.with(|ready| match (donated, over) {
        (true, _) => ready.enqueue(&mut Links, me.name()),
        (false, true) => ready.yield_from(&mut Links, me.name()),
        (false, false) => ready.enqueue_first(&mut Links, me.name()),
    });
}

/// The running thread `me` will be picked again: what is left of its slice is its own. Time that a partner lent it
/// with a message is used up now; a donated slice is not its own at all.
#[inline(always)]
pub(crate) fn keep_slice(cpu: &Cpu, me: Owned) {
    if me.resources.get() & Resources::DONATED == 0 {
        me.slice_left
            .set(budget::kept(cpu.slice_left.get(), me.slice.get()));
    }
}

/// Whether `thread`, which has got a message, is not stopped, nor elsewhere soon, nor that of an interrupt.
pub(crate) fn may_run(thread: Owned) -> bool {
    const STAYS: u32 = Resources::STOPPED | Resources::MOVE | Resources::INTERRUPT;
    thread.resources.get() & STAYS == 0
}

/// `thread` has got a message from a device and [may run](may_run): at once if it outranks `me`, the running thread that the
/// interrupt found in user mode. Returns when `me` runs again, perhaps on another CPU.
#[inline(always)]
pub(crate) fn run_at_once(cpu: &Cpu, me: Owned, thread: Owned) {
    if !takes_over(cpu, me, thread) {
        return wake(cpu, thread);
    }
    step_aside(cpu, me);
    thread.set_ready(cpu);
    cpu.slice_left.set(thread.slice_left.get());
    resources::pass(cpu, me, thread);
}

/// The running thread `me` gives up its slice: the others of its priority come first.
pub(crate) fn give_way(cpu: &Cpu, me: Owned) {
    rearm(me);
    cpu.ready
        .with(|ready| ready.yield_from(&mut Links, me.name()));
    leave(me);
}

/// As [`give_way`], at the end of a system call: returns who runs next, perhaps `me`. `None`: the dispatcher has more to do than
/// to choose.
#[inline(always)]
pub(crate) fn next_in_line(cpu: &Cpu, me: Owned) -> Option<Owned> {
    rearm(me);
    cpu.ready
        .with(|ready| ready.yield_from(&mut Links, me.name()));
    resources::leave(cpu, me);
    if cpu.reschedule.get() || cpu.backlog.is_postponed() {
        return None;
    }
    let next = dispatch::pick(cpu)?;
    resources::arrive(next);
    Some(next)
}

/// The running thread `me` gives the rest of its slice to `dest`, a ready thread of this CPU, which is to run at once; returns
/// that.
///
/// `me` goes behind the others of its priority with a new slice. `dest` runs on the rest as long as no thread is ready that
/// outranks both. When the rest is used up, or `dest` blocks or is preempted, what is left of it is gone and the dispatcher
/// picks; `dest` still has its turn and its own slice.
pub(crate) fn donate(cpu: &Cpu, me: Owned, dest: Owned) -> Owned {
    rearm(me);
    let standing = standing(cpu, me);
    cpu.ready
        .with(|ready| ready.yield_from(&mut Links, me.name()));
    cpu.donor.set(standing);
    dest.resources
        .set(dest.resources.get() | Resources::DONATED);
    cpu.reschedule.set(true);
    resources::leave(cpu, me);
    resources::arrive(dest);
    dest
}

fn leave(me: Owned) {
    resources::leave(cpu::current(), me);
    switch::to_dispatcher(me);
}
