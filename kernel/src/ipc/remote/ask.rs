//! A: the sender's request goes to the partner's CPU.

use pecan_abi::time::TimeKind;
use pecan_rules::deadline;
use pecan_smp::protocol::Kind;
use pecan_smp::request::Reason;

use super::post;
use crate::arch::x86_64::clock;
use crate::cpu::Cpu;
use crate::ipc::{Disposition, Request, receive};
use crate::sched;
use crate::thread::{Owned, State};

/// `me`, the running thread of this CPU, asks the partner on CPU `there` to take its message, and blocks.
pub(crate) fn ask(me: Owned, cpu: &Cpu, request: &Request, there: u16) -> Disposition {
    request.note(&me);
    me.transfer_error.set(0);
    me.receive_aborted.set(false);
    me.request.begin();
    if request.tag.is_redirected() || receive::matching(me, request.from).is_some() {
        // Somebody waits for the receive phase, or may when that is for the redirector: it must not begin unnoticed.
        let _ = me.request.demand(Reason::Behind);
    }
    me.set_state(cpu, State::Asking);
    sched::arm(cpu, me, send_deadline(request));
    post(cpu, there, &me.request_node, Kind::Request);
    Disposition::Dispatch
}

/// When the send phase is over. Whether the partner is ready at once is for its CPU to say, however long the way there
/// takes: a timeout of zero is none here.
fn send_deadline(request: &Request) -> u64 {
    match request.send_timeout().kind() {
        TimeKind::Zero => deadline::NEVER,
        _ => deadline::absolute(request.send_timeout(), clock::micros()),
    }
}
