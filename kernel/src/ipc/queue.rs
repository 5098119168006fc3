//! The sender waits at the partner: send queues. On the CPU that holds the queue, interrupts off.

use pecan_rules::deadline;

use super::{Disposition, Request};
use crate::arch::x86_64::clock;
use crate::cpu::Cpu;
use crate::sched;
use crate::thread::links::Links;
use crate::thread::{Owned, State, TcbRef};

/// `me` waits in the send queue of `partner`, which lives here.
pub(super) fn wait_at(me: Owned, cpu: &Cpu, partner: Owned, request: &Request) -> Disposition {
    request.note(&me);
    push(partner, me.name());
    me.set_state(cpu, State::Sending);
    sched::arm(
        cpu,
        me,
        deadline::absolute(request.send_timeout(), clock::micros()),
    );
    Disposition::Dispatch
}

/// Appends `sender`, wherever it lives, to the queue of `partner`.
pub(super) fn push(partner: Owned, sender: TcbRef) {
    let mut queue = partner.senders.get();
    queue.push(&mut Links, sender);
    partner.senders.set(queue);
    sender.set_queued_at(Some(partner.name()));
}

/// Takes `sender` out of the queue it is in, if it is in one of this CPU.
pub(crate) fn unlink(sender: TcbRef) {
    let Some(partner) = sender.queued_at() else {
        return;
    };
    let mut queue = partner.senders.get();
    queue.remove(&mut Links, sender);
    partner.senders.set(queue);
    sender.set_queued_at(None);
}
