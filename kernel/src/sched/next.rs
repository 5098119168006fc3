//! Who runs next, where the dispatcher would do nothing but choose. This CPU, interrupts off.

use pecan_rules::budget;
use pecan_rules::ready::Glance;

use super::preempt::takes_over;
use super::ready::{begin_turn, step_aside, wake};
use crate::cpu::Cpu;
use crate::ipc::remote;
use crate::thread::links::Links;
use crate::thread::{Owned, Resources, Tcb, resources};

/// How often it is looked for an answer that is there at once, before the dispatcher does.
const LOOKS: u32 = 4;

/// The running thread has blocked in a system call, and nothing is to be put away for it. Returns who runs now, perhaps the
/// thread itself, which has got its answer meanwhile; null if the dispatcher has more to do than to choose.
#[inline(always)]
pub(crate) fn after_block(cpu: &'static Cpu) -> *const Tcb {
    if cpu.reschedule.get() || cpu.backlog.is_postponed() || cpu.ending.get().is_some() {
        return core::ptr::null();
    }
    let next = match cpu.ready.with(|ready| ready.glance(&Links)) {
        Glance::Thread(next) => picked(cpu, Owned::seen_here(next)),
        Glance::Nobody => listened(cpu),
        Glance::Unclear => None,
    };
    next.map_or(core::ptr::null(), Owned::as_ptr)
}

/// `next`, whom the dispatcher would pick, unless something was sent or is to be loaded before.
#[inline(always)]
fn picked(cpu: &Cpu, next: Owned) -> Option<Owned> {
    if cpu.mailbox.0.has_mail() || next.resources.get() & Resources::DEBUG != 0 {
        return None;
    }
    cpu.slice_left.set(next.slice_left.get());
    Some(next)
}

/// Nobody is ready: whoever gets a message while the CPU looks for a moment.
#[inline(always)]
fn listened(cpu: &'static Cpu) -> Option<Owned> {
    let thread = remote::listen(cpu, LOOKS)?;
    begin_turn(cpu, thread);
    Some(thread)
}

/// `thread` has got a message from another CPU and could run at once. Returns it if it outranks `me`, the running thread,
/// which the interrupt found in user mode and which is ready for being left then; else null, and it stands in line.
#[inline(always)]
pub(crate) fn instead(cpu: &Cpu, me: Owned, thread: Owned) -> *const Tcb {
    if !takes_over(cpu, me, thread) {
        wake(cpu, thread);
        return core::ptr::null();
    }
    let left = budget::kept(cpu.slice_left.get(), me.slice.get());
    let is_first = cpu.ready.with(|ready| ready.is_first(&Links, me.name()));
    if !is_first || left == 0 || resources::has_to_leave(me) {
        return aside(cpu, me, thread);
    }
    // The next of its priority it is already.
    me.slice_left.set(left);
    run(cpu, thread)
}

/// As [`instead`], if `me` is to be listed first, or has something in registers.
#[inline(never)]
fn aside(cpu: &Cpu, me: Owned, thread: Owned) -> *const Tcb {
    step_aside(cpu, me);
    resources::leave(cpu, me);
    run(cpu, thread)
}

#[inline(always)]
fn run(cpu: &Cpu, thread: Owned) -> *const Tcb {
    thread.set_ready(cpu);
    cpu.slice_left.set(thread.slice_left.get());
    thread.as_ptr()
}
