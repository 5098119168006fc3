//! Stage 3: is the partner here, and does it take the message now?

use pecan_abi::error::IpcCode;
use pecan_abi::tag::Tag;
use pecan_rules::rendezvous::accepts;
use pecan_smp::cpuset::Cpu as CpuName;
use pecan_smp::protocol::{Receiver, Route, route};
use pecan_smp::request::Reason;

use super::{on_behalf, validate};
use crate::cpu::Cpu;
use crate::thread::{Owned, State, Tcb, TcbRef, migrate};

/// How sender and receiver meet.
pub(super) enum Meeting {
    /// The partner waits for this message.
    Now(Owned),
    /// The partner lives here, but the sender has to wait.
    Later(Owned),
    /// The partner lives on, or is on its way to, another CPU.
    Elsewhere(u16),
    /// No message can be sent to it.
    Refused(IpcCode),
}

/// Looks at the partner from the sender's CPU.
#[inline]
pub(super) fn meet(me: Owned, cpu: &Cpu, partner: TcbRef, tag: Tag) -> Meeting {
    // Lives here and waits, in one compare: what most find.
    if partner.home_word() == cpu.waiting_here() {
        let partner = Owned::seen_here(partner);
        if accepts(partner.wait.get(), me.id(), partner.same_space(&me)) {
            return Meeting::Now(partner);
        }
    }
    look_closely(me, cpu, partner, tag)
}

#[inline(never)]
fn look_closely(me: Owned, cpu: &Cpu, partner: TcbRef, tag: Tag) -> Meeting {
    match route(CpuName(cpu.index), migrate::home(partner)) {
        Route::Forward(there) => return Meeting::Elsewhere(there.0),
        Route::Here => {}
    }
    let partner = Owned::seen_here(partner);
    match receiver(cpu, partner, &me, tag) {
        Receiver::Gone => Meeting::Refused(IpcCode::NonExisting),
        Receiver::Waiting => Meeting::Now(partner),
        Receiver::Calling | Receiver::Busy => Meeting::Later(partner),
    }
}

/// Whether `partner`, which lives here, takes a message with this tag from `sender`, wherever that lives. A partner whose own
/// request may have ended silently is asked to settle that first.
pub(super) fn receiver(cpu: &Cpu, partner: Owned, sender: &Tcb, tag: Tag) -> Receiver {
    if !validate::is_active(partner) {
        return Receiver::Gone;
    }
    if partner.state() == State::Asking && settle(cpu, partner, Reason::Behind) {
        debug_assert_eq!(partner.state(), State::Waiting);
    }
    let waits = partner.state() == State::Waiting;
    if waits && takes(partner, partner.wait.get(), sender, tag) {
        Receiver::Waiting
    } else {
        Receiver::Busy
    }
}

/// Whether `receiver`, a thread of this CPU, takes a message with this tag from `sender` if it waits as `wait` says.
#[inline(always)]
pub(super) fn takes(receiver: Owned, wait: u64, sender: &Tcb, tag: Tag) -> bool {
    accepts(wait, sender.id(), receiver.same_space(sender))
        || tag.is_propagated() && on_behalf::takes(receiver, wait, sender)
}

/// Demands that `thread`'s request end with an answer. True: it has ended silently, and the thread waits now.
pub(crate) fn settle(cpu: &Cpu, thread: Owned, reason: Reason) -> bool {
    use pecan_smp::request::Demand;
    match thread.request.demand(reason) {
        Demand::Delivered => {
            thread.wait.set(thread.receive_from.get());
            crate::sched::disarm(thread);
            thread.set_waiting(cpu);
            true
        }
        Demand::Outstanding => false,
        Demand::Recall(there) => {
            super::remote::recall(cpu, thread, there);
            false
        }
    }
}
