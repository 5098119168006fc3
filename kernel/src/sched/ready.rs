//! Becoming ready, being preempted, giving way. All on the thread's home CPU, interrupts off.

use crate::arch::x86_64::switch;
use crate::cpu::{self, Cpu};
use crate::irq;
use crate::thread::links::Links;
use crate::thread::{Owned, Resources, State, migrate, resources};

/// `thread` can run from now on, unless it is stopped; that of an interrupt goes on in its own way. Asks for the dispatcher if it outranks who runs.
pub(crate) fn wake(cpu: &Cpu, thread: Owned) {
    let pending = thread.resources.get();
    if pending & Resources::INTERRUPT != 0 {
        return irq::proceed(thread);
    }
    // In the middle of a transfer a thread stops only when that is over.
    if pending & (Resources::HALTED | Resources::TRANSFER) == Resources::HALTED {
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
    keep_slice(cpu, me);
    if me.state() == State::Ready {
        cpu.ready.with(|ready| ready.enqueue(&mut Links, me.name()));
    }
    leave(me);
}

/// The running thread `me` will be picked again: what is left of its slice is its own. Time that a partner lent it
/// with a message is used up now, so that nobody keeps a longer slice than it has.
pub(crate) fn keep_slice(cpu: &Cpu, me: Owned) {
    me.slice_left.set(cpu.slice_left.get().min(me.slice.get()));
}

/// Lets the dispatcher choose, if something asked for it, before `me` goes back to user mode.
pub(crate) fn preempt_if_asked(cpu: &Cpu, me: Owned) {
    if cpu.reschedule.get() {
        preempt(cpu, me);
    }
}

/// `thread` has got a message from a device and can run: at once if it outranks `me`, the running thread that the
/// interrupt found in user mode. Returns when `me` runs again, perhaps on another CPU.
pub(crate) fn run_at_once(cpu: &Cpu, me: Owned, thread: Owned) {
    const STAYS: u32 = Resources::HALTED | Resources::MOVE | Resources::INTERRUPT;
    let outranks = thread.priority.get() > me.priority.get();
    let may_run = thread.resources.get() & STAYS == 0 && thread.slice_left.get() != 0;
    if !outranks || !may_run || cpu.reschedule.get() {
        return wake(cpu, thread);
    }
    me.slice_left.set(cpu.slice_left.get());
    cpu.ready.with(|ready| ready.enqueue(&mut Links, me.name()));
    thread.set_state(cpu, State::Ready);
    cpu.slice_left.set(thread.slice_left.get());
    resources::pass(cpu, me, thread);
}

/// The running thread `me` gives up its slice: the others of its priority come first.
pub(crate) fn give_way(cpu: &Cpu, me: Owned) {
    me.slice_left.set(me.slice.get());
    cpu.ready
        .with(|ready| ready.yield_from(&mut Links, me.name()));
    leave(me);
}

fn leave(me: Owned) {
    resources::leave(cpu::current(), me);
    switch::to_dispatcher(me);
}
