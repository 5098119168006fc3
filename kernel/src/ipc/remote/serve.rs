//! B: what arrives from other CPUs' senders. On the receiver's CPU, interrupts off.

use pecan_abi::hold::Point;
use pecan_abi::tag::Tag;
use pecan_abi::time::TimeKind;
use pecan_smp::cpuset::Cpu as CpuName;
use pecan_smp::protocol::{self, Answer, Kind, Receiver, Refusal, Route, Serve};

use super::{post, visit};
use crate::cpu::{Cpu, hold};
use crate::ipc::{Request, meet, queue, receive, transfer};
use crate::sched;
use crate::space::shootdown;
use crate::thread::{Owned, Resources, TcbRef, migrate, table};

/// A request has arrived.
pub(super) fn request(cpu: &'static Cpu, sender: TcbRef) {
    let request = Request::noted(&sender);
    let Some(partner) = table::find(request.to) else {
        return decide(cpu, sender, &request, None, Receiver::Gone);
    };
    match protocol::route(CpuName(cpu.index), migrate::home(partner)) {
        Route::Forward(there) => post(cpu, there.0, &sender.request_node, Kind::Request),
        Route::Here => {
            let partner = Owned::seen_here(partner);
            let receiver = meet::receiver(cpu, partner, &sender, request.tag);
            decide(cpu, sender, &request, Some(partner), receiver);
        }
    }
}

fn decide(
    cpu: &'static Cpu,
    sender: TcbRef,
    request: &Request,
    partner: Option<Owned>,
    receiver: Receiver,
) {
    let patient = request.send_timeout().kind() != TimeKind::Zero;
    let decision = protocol::serve(sender.request.look(), receiver, patient);
    match (across(decision, sender, request), partner) {
        (Serve::Deliver, Some(partner)) => {
            if deliver(cpu, sender, request, partner) {
                sched::wake(cpu, partner);
            }
        }
        (Serve::Queue, Some(partner)) => {
            if sender.request.enqueue(CpuName(cpu.index)) {
                queue::push(partner, sender);
            } else {
                reply(cpu, sender, Answer::Cancelled);
            }
        }
        (Serve::Answer(answer), _) => reply(cpu, sender, answer),
        // `receiver` settles silent requests itself, and only an existing partner receives.
        (Serve::Settle, _) | (Serve::Deliver | Serve::Queue, None) => {
            reply(cpu, sender, Answer::Refused(Refusal::NonExisting));
        }
    }
}

fn across(decision: Serve, sender: TcbRef, request: &Request) -> Serve {
    let may_take_long = decision == Serve::Deliver && request.tag.typed() != 0;
    let takes_long = may_take_long && visit::takes_long(&sender, request.tag);
    protocol::across(decision, takes_long)
}

/// The message goes over; the request ends, silently if it may. False: other CPUs have to drop something first; it ends when they
/// have, and the partner, who carries that, is Controlling until then.
fn deliver(cpu: &Cpu, sender: TcbRef, request: &Request, partner: Owned) -> bool {
    let (flags, mover) = (Tag::CROSS_CPU, transfer::Mover::Nobody);
    let whole = transfer::message(&sender, partner, request.tag, flags, mover);
    if partner.resources.get() & Resources::STALE != 0 && hold(cpu, sender, partner, &whole) {
        return false;
    }
    if let Err(cut) = whole {
        sender.transfer_error.set(cut.senders().raw());
        reply(cpu, sender, Answer::Done);
        return true;
    }
    let waits_for_ever = request.receive_timeout().kind() == TimeKind::Never;
    let silent = protocol::may_end_silently(request.from != 0, waits_for_ever)
        && sender.request.deliver_silently();
    if !silent {
        reply(cpu, sender, Answer::Done);
    }
    true
}

/// Lets `sender`, who hears then how its message ended, and `partner` wait for other CPUs; false if they need not.
#[cold]
#[inline(never)]
fn hold(cpu: &Cpu, sender: TcbRef, partner: Owned, whole: &Result<(), transfer::Cut>) -> bool {
    if let Err(cut) = whole {
        sender.transfer_error.set(cut.senders().raw());
    }
    partner
        .resources
        .set(partner.resources.get() & !Resources::STALE);
    shootdown::hold(cpu, sender, partner)
}

/// The message of `sender`, a visitor, goes to `partner`, which waits and has no memory for strings or pages.
pub(super) fn hand_over(cpu: &'static Cpu, sender: Owned, partner: Owned) {
    let tag = Request::noted(&sender).tag;
    let whole = transfer::message(
        &sender,
        partner,
        tag,
        Tag::CROSS_CPU,
        transfer::Mover::Nobody,
    );
    receive::finish_send(cpu, sender, whole);
    sched::wake(cpu, partner);
}

/// `me`, the running thread, takes the message of `sender`, which was queued here and is unlinked.
/// False: there is none. It was cancelled, and the cancel that is coming will answer; or it may take long, and the sender brings it.
pub(crate) fn take_queued(me: Owned, cpu: &Cpu, sender: TcbRef) -> bool {
    if !sender.request.dequeue() {
        return false;
    }
    let request = Request::noted(&sender);
    if let Serve::Answer(answer) = across(Serve::Deliver, sender, &request) {
        reply(cpu, sender, answer);
        return false;
    }
    deliver(cpu, sender, &request, me);
    true
}

/// The thread in whose queue `sender` was is gone or going: `forward` names the CPU it went to.
pub(crate) fn refuse_queued(cpu: &Cpu, sender: TcbRef, forward: Option<u16>) {
    if !sender.request.dequeue() {
        return;
    }
    match forward {
        Some(there) => post(cpu, there, &sender.request_node, Kind::Request),
        None => reply(cpu, sender, Answer::Refused(Refusal::NonExisting)),
    }
}

/// A cancel has arrived for a request that was queued here. It answers for both nodes.
pub(super) fn cancel(cpu: &Cpu, sender: TcbRef) {
    queue::unlink(sender);
    post(
        cpu,
        sender.home(),
        &sender.cancel_node,
        Kind::Answer(Answer::Cancelled),
    );
}

fn reply(cpu: &Cpu, sender: TcbRef, answer: Answer) {
    hold::at(cpu, Point::Replying);
    post(
        cpu,
        sender.home(),
        &sender.request_node,
        Kind::Answer(answer),
    );
}
