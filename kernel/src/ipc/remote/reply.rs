//! A: the answer to a request arrives. On the sender's CPU, interrupts off.

use pecan_abi::error::{IpcCode, IpcError};
use pecan_smp::protocol::{self, Answer, Ended, Outcome, Then};

use super::visit;
use crate::cpu::Cpu;
use crate::ipc::{Request, answer, on_behalf, receive};
use crate::sched;
use crate::space::shootdown;
use crate::thread::{Owned, State, delete};

/// The request of `sender` has ended with `answer`.
pub(super) fn answered(cpu: &'static Cpu, sender: Owned, given: Answer) {
    if sender.state() == State::Controlling {
        shootdown::landed(cpu, sender);
        sched::wake(cpu, sender);
        return;
    }
    let request = Request::noted(&sender);
    let ended = protocol::ended(sender.request.look(), given, then(sender, &request));
    // The send phase of who visits goes on, and so does its time.
    if ended != Ended::Visit {
        sched::disarm(sender);
    }
    match ended {
        Ended::Visit => visit::invited(cpu, sender),
        Ended::Delete => delete::finish(cpu, sender),
        _ if sender.state() == State::Dying => delete::finish(cpu, sender),
        _ if sender.transfer_error.get() != 0 => cut(cpu, sender),
        Ended::Receive => receive::enter_blocked(cpu, sender, &request),
        Ended::Report(outcome) => report(cpu, sender, &request, outcome),
    }
}

/// What the sender does after a send phase that ends well.
fn then(sender: Owned, request: &Request) -> Then {
    match request.from {
        0 => Then::Stop,
        _ if sender.receive_aborted.get() => Then::GiveUp,
        _ => Then::Receive,
    }
}

fn cut(cpu: &Cpu, sender: Owned) {
    if let Some(error) = IpcError::from_raw(sender.transfer_error.replace(0)) {
        answer::cut_send(sender, error);
    }
    on_behalf::return_wait(sender);
    sched::wake(cpu, sender);
}

fn report(cpu: &Cpu, sender: Owned, request: &Request, outcome: Outcome) {
    let zero_timeout = request.send_timeout().kind() == pecan_abi::time::TimeKind::Zero;
    match outcome {
        Outcome::Success => answer::sent(sender, request.tag),
        Outcome::NonExisting => answer::refused_send(sender, IpcCode::NonExisting),
        Outcome::Timeout if zero_timeout => answer::refused_send(sender, IpcCode::Timeout),
        Outcome::Timeout => answer::ended_send(sender, IpcCode::Timeout),
        Outcome::Cancelled => answer::ended_send(sender, IpcCode::Cancelled),
        Outcome::CancelledReceiving => answer::refused_receive(sender, IpcCode::Cancelled),
    }
    on_behalf::return_wait(sender);
    sched::wake(cpu, sender);
}
