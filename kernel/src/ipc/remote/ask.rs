//! A: the sender's request goes to the partner's CPU.

use pecan_abi::time::TimeKind;
use pecan_rules::deadline;
use pecan_smp::protocol::Kind;
use pecan_smp::request::Reason;

use super::{post, visit};
use crate::arch::x86_64::clock;
use crate::cpu::Cpu;
use crate::ipc::{Disposition, Request, receive};
use crate::sched;
use crate::thread::{Owned, State};
use crate::trace;

/// `me`, the running thread of this CPU, asks the partner on CPU `there` to take its message, and blocks; or goes there
/// itself, if the message may take long.
pub(crate) fn ask(me: Owned, cpu: &Cpu, request: &Request, there: u16) -> Disposition {
    request.note(&me);
    if request.tag.typed() != 0 && visit::takes_long(&me, request.tag) {
        return visit::set_out(me, cpu, request, there);
    }
    sched::arm(cpu, me, send_deadline(request));
    send(cpu, me, request, there);
    Disposition::Dispatch
}

/// `sender`, which is blocked in its send phase and not queued, asks for the message that it has noted. Its deadline
/// stays as it is. This CPU, interrupts off.
pub(super) fn ask_blocked(cpu: &Cpu, sender: Owned, request: &Request, there: u16) {
    sched::arm(cpu, sender, sender.deadline.get());
    send(cpu, sender, request, there);
}

#[inline(always)]
fn send(cpu: &Cpu, sender: Owned, request: &Request, there: u16) {
    sender.transfer_error.set(0);
    sender.receive_aborted.set(false);
    sender.request.begin();
    if request.tag.is_redirected() || receive::matching(sender, request.from).is_some() {
        // Somebody waits for the receive phase, or may when that is for the redirector: it must not begin unnoticed.
        let _ = sender.request.demand(Reason::Behind);
    }
    sender.set_state(cpu, State::Asking);
    trace::asks(&sender, there);
    post(cpu, there, &sender.request_node, Kind::Request);
}

/// When the send phase is over. Whether the partner is ready at once is for its CPU to say, however long the way there
/// takes: a timeout of zero is none here.
pub(super) fn send_deadline(request: &Request) -> u64 {
    match request.send_timeout().kind() {
        TimeKind::Zero => deadline::NEVER,
        _ => deadline::absolute(request.send_timeout(), clock::micros()),
    }
}
