//! A system call that is one phase alone: a message of words to a thread of this CPU, or a receive. On the caller's CPU, interrupts
//! off.

use pecan_abi::tag::Tag;
use pecan_abi::time::{Time, Timeouts};

use crate::cpu::{self, Cpu};
use crate::ipc::entry::system_call as general;
use crate::ipc::transfer::words;
use crate::ipc::{answer, validate};
use crate::sched;
use crate::thread::{Owned, Tcb};
use crate::trace;

/// The IPC system call of a message that its sender does not wait after, which the straight line left because `partner`, the
/// thread `to`, is not listed. It waits here for `me`, does not outrank it, and neither has work that a switch must not skip.
/// Returns who runs next, as [`crate::ipc::entry::system_call`].
pub(crate) extern "sysv64" fn send(
    me: Owned,
    to: u64,
    from: u64,
    partner: Owned,
    timeouts: u64,
    tag: u64,
) -> *const Tcb {
    let cpu = cpu::current();
    if cpu.reschedule.get() {
        return general(me, to, from, 0, timeouts, tag);
    }
    words(&me, partner, Tag::from_raw(tag));
    trace::delivered(&me, partner, tag);
    answer::received(partner, me.sender_id(me.id(), &partner), tag);
    sched::disarm(partner);
    sched::wake(cpu, partner);
    me.from.set(0);
    me.as_ptr()
}

/// A system call of `me` that has nobody to send to. `None`: nothing has changed.
#[inline(always)]
pub(super) fn receive(
    me: Owned,
    cpu: &'static Cpu,
    from: u64,
    timeouts: u64,
) -> Option<*const Tcb> {
    let is_common = Timeouts::from_raw(timeouts).recv() == Time::NEVER
        && me.resources.get() == 0
        && me.senders.get().front().is_none()
        && from != 0
        && validate::specifier(from).is_ok();
    if !is_common {
        return None;
    }
    me.wait.set(from);
    me.receive_from.set(from);
    me.set_waiting(cpu);
    sched::disarm(me);
    Some(sched::after_block(cpu))
}
