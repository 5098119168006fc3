//! B: what arrives from other CPUs' senders. On the receiver's CPU, interrupts off.

use pecan_abi::tag::Tag;
use pecan_abi::time::TimeKind;
use pecan_smp::cpuset::Cpu as CpuName;
use pecan_smp::protocol::{self, Answer, Kind, Receiver, Refusal, Route, Serve};

use super::post;
use crate::cpu::Cpu;
use crate::ipc::{Request, meet, queue, receive, transfer};
use crate::sched;
use crate::thread::{Owned, TcbRef, migrate, table};

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
    match (
        protocol::serve(sender.request.look(), receiver, patient),
        partner,
    ) {
        (Serve::Deliver, Some(partner)) => {
            deliver(cpu, sender, request, partner);
            sched::wake(cpu, partner);
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

/// The message goes over; the request ends, silently if it may.
fn deliver(cpu: &Cpu, sender: TcbRef, request: &Request, partner: Owned) {
    let (flags, mover) = (Tag::CROSS_CPU, transfer::Mover::Nobody);
    if let Err(cut) = transfer::message(&sender, partner, request.tag, flags, mover) {
        sender.transfer_error.set(cut.senders().raw());
        return reply(cpu, sender, Answer::Done);
    }
    let waits_for_ever = request.receive_timeout().kind() == TimeKind::Never;
    let silent = protocol::may_end_silently(request.from != 0, waits_for_ever)
        && sender.request.deliver_silently();
    if !silent {
        reply(cpu, sender, Answer::Done);
    }
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
/// False: it was cancelled, and the cancel that is coming will answer.
pub(crate) fn take_queued(me: Owned, cpu: &Cpu, sender: TcbRef) -> bool {
    if !sender.request.dequeue() {
        return false;
    }
    deliver(cpu, sender, &Request::noted(&sender), me);
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
    post(
        cpu,
        sender.home(),
        &sender.request_node,
        Kind::Answer(answer),
    );
}
