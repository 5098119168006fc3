//! Both partners of a transfer, locked for its time. On their CPU, interrupts off.

use pecan_abi::tag::Tag;

use crate::cpu::Cpu;
use crate::sched;
use crate::space::window;
use crate::thread::{Owned, Part, Resources, State, migrate};

/// `me`, the running thread, begins to copy; `partner` is blocked in this IPC. Its timeouts are over.
pub(super) fn lock(cpu: &Cpu, me: Owned, partner: Owned, part: Part, tag: Tag) {
    let others = if part.sends() {
        Part::Takes
    } else {
        Part::Gives
    };
    for (thread, part, other) in [(me, part, partner), (partner, others, me)] {
        let transfer = &thread.transfer;
        transfer.part.set(part);
        transfer.partner.set(Some(other.name()));
        transfer.broken.set(None);
        transfer.copied.set(0);
        transfer.deadline.set(u64::MAX);
        transfer.has_faulted.set(false);
        thread
            .resources
            .set(thread.resources.get() | Resources::TRANSFER);
    }
    if part.sends() {
        // What the receiver would see if the transfer were ended from outside.
        partner.send_tag.set(tag.raw());
    }
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
    release(partner);
    sched::disarm(partner);
    partner.set_state(cpu, state);
    release(me);
    leave(cpu, me);
}

/// `thread` is in no transfer any more.
pub(super) fn release(thread: Owned) {
    thread.transfer.part.set(Part::None);
    thread.transfer.partner.set(None);
    thread
        .resources
        .set(thread.resources.get() & !Resources::TRANSFER);
}

/// `me`, the running thread, copies no longer. What it was asked for meanwhile, to stop or to move, it does now.
pub(super) fn leave(cpu: &Cpu, me: Owned) {
    let resources = me.resources.get();
    if resources & Resources::WINDOW != 0 {
        window::close(cpu);
        me.resources.set(resources & !Resources::WINDOW);
    }
    if resources & Resources::HALTED != 0 {
        cpu.reschedule.set(true);
    }
    migrate::depart_if_asked(cpu, me);
}
