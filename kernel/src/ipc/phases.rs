//! An IPC in full generality: its send phase, then its receive phase. On the caller's CPU, interrupts off.

use pecan_abi::error::IpcCode;
use pecan_abi::time::TimeKind;

use super::meet::{Meeting, meet};
use super::{
    Disposition, Request, answer, handover, on_behalf, queue, receive, remote, transfer, validate,
};
use crate::cpu::{self, Cpu};
use crate::sched;
use crate::thread::{Owned, TcbRef};

/// Carries the request out for `me`, the running thread.
#[inline(never)]
pub(crate) fn perform(me: Owned, cpu: &'static Cpu, request: &Request) -> Disposition {
    perform_here(me, cpu, request)
}

/// The same without a call, for the system call itself.
#[inline(always)]
pub(super) fn perform_here(me: Owned, cpu: &'static Cpu, request: &Request) -> Disposition {
    if request.to == 0 {
        return receive::perform(me, cpu, request);
    }
    if request.concerns_others(&me) {
        return on_behalf::perform(me, request);
    }
    match validate::destination(request) {
        Ok(partner) => send(me, cpu, request, partner),
        Err(code) => refuse(me, cpu, code),
    }
}

/// The send phase, to `partner`, and what follows.
pub(super) fn send(
    me: Owned,
    cpu: &'static Cpu,
    request: &Request,
    partner: TcbRef,
) -> Disposition {
    let patient = request.send_timeout().kind() != TimeKind::Zero;
    match meet(me, cpu, partner, request.tag) {
        Meeting::Now(partner) => deliver(me, cpu, request, partner),
        Meeting::Later(partner) if patient => queue::wait_at(me, cpu, partner, request),
        Meeting::Later(_) => refuse(me, cpu, IpcCode::Timeout),
        Meeting::Elsewhere(there) => remote::ask(me, cpu, request, there),
        Meeting::Refused(code) => refuse(me, cpu, code),
    }
}

/// The send phase fails before it met anybody.
pub(super) fn refuse(me: Owned, cpu: &Cpu, code: IpcCode) -> Disposition {
    answer::refused_send(me, code);
    handover::stay(cpu, me)
}

/// The partner waits here for this message.
fn deliver(me: Owned, cpu: &'static Cpu, request: &Request, partner: Owned) -> Disposition {
    let whole = transfer::message(&me, partner, request.tag, 0, transfer::Mover::Sender);
    if let Err(cut) = whole {
        if !cut.told {
            sched::wake(cpu, partner);
        }
        request.note(&me);
        answer::cut_send(me, cut.senders());
        on_behalf::give_back(me);
        return handover::stay(cpu::current(), me);
    }
    if request.from == 0 {
        answer::sent(me, request.tag);
        sched::wake(cpu, partner);
        return handover::stay(cpu, me);
    }
    // Redirected, it may wait for somebody else.
    let noted;
    let request = if request.tag.is_redirected() {
        noted = Request::noted(&me);
        &noted
    } else {
        request
    };
    // The partner is out of its receive phase before `me` looks for senders: it may be one of them again only later.
    if me.senders.get().front().is_some() {
        // Who takes a message may be held up by its strings, and even leave this CPU.
        sched::wake(cpu, partner);
        return receive::perform(me, cpu, request);
    }
    match receive::enter(me, cpu, request) {
        receive::Entered::Waits => handover::give_cpu_to(cpu, partner),
        receive::Entered::Ended => {
            sched::wake(cpu, partner);
            handover::stay(cpu, me)
        }
    }
}
