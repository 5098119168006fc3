//! A message that may take long: its sender goes to the partner's CPU for the send phase, and home again.
//!
//! ```text
//! A, home of S                        B, home of R
//! set_out: S blocks, and moves ---->  arrived: S meets R as its neighbour
//!                                       R waits: both are locked, R is ready and copies
//!                                       R is busy: S queues; R copies when it receives
//!                                       R is not here: S asks from here, by its node
//!                                       R waits, wherever it is: its CPU answers, and S moves on
//!   S goes on, or receives <--------  the send phase ends, in whatever way: S moves home
//! ```
//! So between two CPUs strings and large pages go over as they do inside one: locked, preemptible, with faults of both, by
//! the same code. Nobody runs after anybody: of two who look for one another each waits where it is. A visitor never runs a
//! user's instruction away from home; what it does there is to ask its pager.

use pecan_abi::error::IpcCode;
use pecan_abi::tag::Tag;
use pecan_abi::time::TimeKind;
use pecan_rules::duration;
use pecan_smp::cpuset::Cpu as CpuName;

use super::ask;
use crate::cpu::Cpu;
use crate::ipc::meet::{Meeting, meet};
use crate::ipc::{
    Disposition, Request, answer, on_behalf, queue, receive, strings, transfer, validate,
};
use crate::sched;
use crate::thread::{Again, Owned, Part, Resources, State, Tcb, migrate};

/// Whether the message with this tag of `sender` is one to go along with.
#[inline(never)]
pub(super) fn takes_long(sender: &Tcb, tag: Tag) -> bool {
    let message = sender.message.get();
    duration::takes_long(tag, |index| message.mr(index))
}

/// `me`, the running thread, goes to CPU `there` with the message that it has noted. Its CPU, interrupts off.
pub(super) fn set_out(me: Owned, cpu: &Cpu, request: &Request, there: u16) -> Disposition {
    // Where it arrives this goes on.
    me.deadline.set(ask::send_deadline(request));
    me.set_state(cpu, State::Sending);
    head_for(cpu, me, there);
    migrate::depart(cpu, me);
    Disposition::Dispatch
}

/// `visitor`, in its send phase, is to leave for CPU `there`.
fn head_for(cpu: &Cpu, visitor: Owned, there: u16) {
    let travel = visitor.travel.get();
    let (here, there) = (CpuName(cpu.index), CpuName(there));
    migrate::set_travel(visitor, travel.visit(here, there));
}

/// `sender` has arrived in its send phase: a visitor, or a thread that was moved while it was queued. This CPU, interrupts off.
pub(crate) fn arrived(cpu: &'static Cpu, sender: Owned) {
    migrate::set_travel(sender, sender.travel.get().arrived());
    if let Some(there) = meet_here(cpu, sender) {
        ask::ask_blocked(cpu, sender, &Request::noted(&sender), there);
    }
}

/// The partner of `sender`, which asked from here, waits for its message, which may take long. This CPU, interrupts off.
pub(super) fn invited(cpu: &'static Cpu, sender: Owned) {
    sender.set_state(cpu, State::Sending);
    if let Some(there) = meet_here(cpu, sender) {
        head_for(cpu, sender, there);
        migrate::depart(cpu, sender);
    }
}

/// `sender`, in its send phase and in no queue, meets its partner if that is here. Else returns the CPU where that is.
fn meet_here(cpu: &'static Cpu, sender: Owned) -> Option<u16> {
    let request = Request::noted(&sender);
    let meeting = match validate::destination(&request) {
        Ok(partner) => meet(sender, cpu, partner, request.tag),
        Err(code) => Meeting::Refused(code),
    };
    let patient = request.send_timeout().kind() != TimeKind::Zero;
    match meeting {
        Meeting::Now(partner) => begin(cpu, sender, partner, &request),
        Meeting::Later(partner) if patient => {
            queue::push(partner, sender.name());
            sched::arm(cpu, sender, sender.deadline.get());
        }
        Meeting::Later(_) => fail(cpu, sender, IpcCode::Timeout),
        Meeting::Elsewhere(there) => return Some(there),
        Meeting::Refused(code) => fail(cpu, sender, code),
    }
    None
}

/// The partner waits for the message: it takes it as soon as it runs, and neither can do anything else before.
fn begin(cpu: &'static Cpu, sender: Owned, partner: Owned, request: &Request) {
    if !visits(&sender) || !takes_long(&sender, request.tag) {
        receive::take_up(sender, Again::Restart);
        return sched::wake(cpu, sender);
    }
    if partner.resources.get() & Resources::INTERRUPT != 0 {
        // It has no memory.
        return super::serve::hand_over(cpu, sender, partner);
    }
    sched::disarm(partner);
    if partner.transfer.part.get() == Part::NONE {
        // If it is broken off before the partner runs, that sees the words, as ever.
        transfer::words(&sender, partner, request.tag);
        strings::lock(cpu, partner, sender, Part::PULLS, request.tag);
        receive::take_up(partner, Again::Take);
    } else {
        // In the middle of another message, in which this one is the answer to a fault.
        queue::push(partner, sender.name());
        receive::take_up(partner, Again::Receive);
    }
    sched::wake(cpu, partner);
}

/// Senders that were queued at a thread that has gone to CPU `there` ask for it there, in their order; interrupts go after their
/// handler. This CPU, interrupts off.
pub(crate) fn send_on(cpu: &Cpu, sender: Owned, there: u16) {
    if sender.resources.get() & Resources::INTERRUPT == 0 {
        ask::ask_blocked(cpu, sender, &Request::noted(&sender), there);
    } else {
        receive::take_up(sender, Again::Restart);
        sched::wake(cpu, sender);
    }
}

/// Flags of the tag of a message from `sender` to a thread of the CPU where it is.
#[inline(always)]
pub(crate) fn flags(sender: &Tcb) -> u64 {
    if visits(sender) { Tag::CROSS_CPU } else { 0 }
}

fn visits(sender: &Tcb) -> bool {
    sender.travel.get().away_from().is_some()
}

fn fail(cpu: &Cpu, sender: Owned, code: IpcCode) {
    answer::refused_send(sender, code);
    on_behalf::return_wait(sender);
    sched::wake(cpu, sender);
}
