//! Both partners of a transfer, locked for its time. On their CPU, interrupts off.

use pecan_abi::tag::Tag;

use crate::cpu::Cpu;
use crate::sched;
use crate::space::window;
use crate::thread::{Owned, Part, Resources, State, migrate};

/// `me`, the running thread or one that will copy as soon as it runs, begins; `partner` is blocked in this IPC. Its timeouts
/// are over.
pub(crate) fn lock(cpu: &Cpu, me: Owned, partner: Owned, part: Part, tag: Tag) {
    for (thread, part, other) in [(me, part, partner), (partner, part.others(), me)] {
        thread.transfer.part.set(part);
        thread.transfer.partner.set(Some(other.name()));
        thread
            .resources
            .set(thread.resources.get() | Resources::TRANSFER);
    }
    me.transfer.copied.set(0);
    me.transfer.has_faulted.set(false);
    // What the receiver would see if the transfer were ended from outside.
    let receiver = if part.sends() { partner } else { me };
    receiver.send_tag.set(tag.raw());
    sched::disarm(partner);
    partner.set_state(cpu, State::Locked);
}

/// The transfer is over for both: `partner` waits, or is to send, as before.
pub(super) fn unlock(cpu: &Cpu, me: Owned, partner: Owned) {
    let state = if me.transfer.part.get().sends() {
        State::Waiting
    } else {
        State::Sending
    };
    release(partner, 0);
    sched::disarm(partner);
    partner.set_state(cpu, state);
    leave(cpu, me);
}

/// `thread` is in no transfer any more, and has none of these resources either.
pub(super) fn release(thread: Owned, others: u32) {
    thread.transfer.part.set(Part::NONE);
    thread.transfer.partner.set(None);
    thread
        .resources
        .set(thread.resources.get() & !(Resources::TRANSFER | others));
}

/// `me`, the running thread, copies no longer. What it was asked for meanwhile, to stop or to move, it does now.
#[inline]
pub(super) fn leave(cpu: &Cpu, me: Owned) {
    let resources = me.resources.get();
    if resources & Resources::WINDOW != 0 {
        window::close(cpu);
    }
    release(me, Resources::WINDOW);
    if resources & (Resources::STOPPED | Resources::MOVE) != 0 {
        obey(cpu, me);
    }
}

#[cold]
#[inline(never)]
fn obey(cpu: &Cpu, me: Owned) {
    cpu.reschedule.set(true);
    if me.resources.get() & Resources::STOPPED != 0 {
        me.set_state(cpu, State::Halted);
    }
    migrate::depart_if_asked(cpu, me);
}
