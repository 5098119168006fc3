//! The receive phase: take a sender that waits already, or wait. On the receiver's CPU, interrupts off.

use pecan_abi::error::IpcCode;
use pecan_abi::tag::Tag;
use pecan_abi::time::TimeKind;
use pecan_rules::deadline;

use super::meet::takes;
use super::transfer::Mover;
use super::{
    Disposition, Request, answer, handover, on_behalf, queue, remote, strings, transfer, validate,
};
use crate::arch::x86_64::clock;
use crate::cpu::{self, Cpu};
use crate::sched;
use crate::thread::links::Links;
use crate::thread::{Again, Owned, State, TcbRef, migrate};

/// What became of a receive phase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub(super) enum Entered {
    /// The thread waits.
    Waits,
    /// The IPC has ended, with a message or an error.
    Ended,
}

/// The receive phase of `me`, the running thread, with nothing before it, or nothing that waits for its end. If it takes a
/// message that is broken off, `me` may be on another CPU afterwards.
pub(crate) fn perform(me: Owned, cpu: &'static Cpu, request: &Request) -> Disposition {
    if request.from == 0 {
        me.from.set(0);
        return handover::stay(cpu, me);
    }
    match enter(me, cpu, request) {
        Entered::Waits => Disposition::Dispatch,
        Entered::Ended => handover::stay(cpu::current(), me),
    }
}

/// Enters the receive phase of the running thread.
#[inline(always)]
pub(super) fn enter(me: Owned, cpu: &'static Cpu, request: &Request) -> Entered {
    if let Err(code) = validate::specifier(request.from) {
        answer::refused_receive(me, code);
        return Entered::Ended;
    }
    while let Some(sender) = matching(me, request.from) {
        queue::unlink(sender);
        if take(me, cpu, sender) {
            return Entered::Ended;
        }
    }
    wait(me, cpu, request)
}

/// Nobody is there: waits, or gives up at once if the timeout is zero.
#[inline]
fn wait(me: Owned, cpu: &Cpu, request: &Request) -> Entered {
    if request.receive_timeout().kind() == TimeKind::Zero {
        answer::refused_receive(me, IpcCode::Timeout);
        return Entered::Ended;
    }
    me.wait.set(request.from);
    me.receive_from.set(request.from);
    me.set_waiting(cpu);
    match request.receive_timeout() {
        timeout if timeout.kind() == TimeKind::Never => sched::disarm(me),
        timeout => sched::arm(cpu, me, deadline::absolute(timeout, clock::micros())),
    }
    Entered::Waits
}

/// The first in `me`'s queue that `from` accepts.
#[inline]
pub(super) fn matching(me: Owned, from: u64) -> Option<TcbRef> {
    let senders = me.senders.get();
    let mut next = senders.front();
    while let Some(sender) = next {
        let tag = Tag::from_raw(sender.send_tag.get());
        if takes(me, from, &sender, tag) {
            return Some(sender);
        }
        next = senders.next(&Links, sender);
    }
    None
}

/// Takes the message of `sender`, which was queued at `me` and is unlinked. False: there is none, it was cancelled.
#[inline(never)]
fn take(me: Owned, cpu: &'static Cpu, sender: TcbRef) -> bool {
    match sender
        .owned(cpu)
        .filter(|sender| matches!(sender.state(), State::Sending | State::Locked))
    {
        Some(sender) => {
            let tag = Tag::from_raw(sender.send_tag.get());
            let flags = remote::flags(&sender);
            match transfer::message(&sender, me, tag, flags, Mover::Receiver) {
                Err(cut) if cut.told => {}
                whole => finish_send(cpu, sender, whole),
            }
            true
        }
        None => remote::take_queued(me, cpu, sender),
    }
}

/// `me`, the running thread, takes the message of the thread that it was locked with while both were blocked, unless that was
/// broken off since.
pub(crate) fn take_locked(me: Owned, cpu: &'static Cpu) -> Disposition {
    match me.transfer.partner.get() {
        Some(sender) => {
            take(me, cpu, sender);
        }
        None => {
            strings::fail(me);
            migrate::depart_if_asked(cpu, me);
        }
    }
    handover::stay(cpu::current(), me)
}

/// The send phase of `sender`, a blocked thread of this CPU, is over.
pub(super) fn finish_send(cpu: &'static Cpu, sender: Owned, result: Result<(), transfer::Cut>) {
    sched::disarm(sender);
    let request = Request::noted(&sender);
    match result {
        Err(cut) => on_behalf::cut(sender, cut.senders()),
        Ok(()) if request.from == 0 => answer::sent(sender, request.tag),
        Ok(()) => return enter_blocked(cpu, sender, &request),
    }
    sched::wake(cpu, sender);
}

/// Puts a blocked thread of this CPU into its receive phase, so that its partner finds it waiting at once. If
/// somebody is queued for it, it has to run to take him.
pub(super) fn enter_blocked(cpu: &'static Cpu, thread: Owned, request: &Request) {
    if matching(thread, request.from).is_some() || validate::specifier(request.from).is_err() {
        take_up(thread, Again::Receive);
        sched::wake(cpu, thread);
        return;
    }
    if wait(thread, cpu, request) == Entered::Ended {
        sched::wake(cpu, thread);
        return;
    }
    migrate::depart_if_asked(cpu, thread);
}

/// `thread`, which is blocked in an IPC, goes on with `again` when it runs. The timeout of the phase that it was in
/// must not hit a later one.
pub(crate) fn take_up(thread: Owned, again: Again) {
    sched::disarm(thread);
    thread.again.set(again);
    crate::arch::x86_64::switch::redirect(thread);
}
