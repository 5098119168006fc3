//! A CPU takes what was sent to it: a bounded number of nodes at a time, so that its threads run however much others send.
//! This CPU, interrupts off.
//!
//! ```text
//! turn      up to TURN nodes are handled; nearly always that is all, and the first node rings again
//! postpone  the rest stays in the CPU's block, in order, before what is in the mailbox
//! next turn with the next tick, or whenever the dispatcher runs; at once if there is no thread
//! ```
//! While something is postponed the mailbox does not ring: the interrupts alone could keep threads from running. It stays
//! POLLING or has nodes in it, which promises that the CPU looks by itself, and that it does, at the next tick at the latest.

use core::cell::Cell;

use pecan_abi::hold::Point;
use pecan_smp::mailbox::Batch;
use pecan_smp::protocol::Kind;

use super::{Addresses, handle, node, serve};
use crate::cpu::{Counter, Cpu, CpuCell, hold};
use crate::ipc::short::{self, Served};
use crate::sched;
use crate::thread::{Owned, TcbRef};

/// Nodes in a turn. Each is a message or the end of one, about a thousand instructions, so a turn is shorter than a tick
/// by far; and there are seldom more, since a thread has one under way.
const TURN: u32 = 32;

/// What a CPU postponed.
pub(crate) struct Backlog {
    /// Nodes that were taken from the mailbox.
    rest: CpuCell<Batch>,
    /// Something is postponed: here, or in the mailbox, which does not ring.
    postponed: Cell<bool>,
    /// The CPU has posted a node to itself, which it may not have taken yet.
    own_post: Cell<bool>,
}

impl Backlog {
    /// Nothing.
    pub(crate) const fn new() -> Self {
        Self {
            rest: CpuCell::new(Batch::empty()),
            postponed: Cell::new(false),
            own_post: Cell::new(false),
        }
    }

    /// Whether the CPU has to go on with it soon.
    #[inline]
    pub(crate) fn is_postponed(&self) -> bool {
        self.postponed.get()
    }

    /// The CPU has posted a node to itself.
    pub(super) fn note_own_post(&self) {
        self.own_post.set(true);
    }
}

/// Handles what was sent to this CPU, or a turn of it. Afterwards the first node rings, unless something is postponed.
#[inline(always)]
pub(crate) fn drain(cpu: &'static Cpu) {
    #[cfg(debug_assertions)]
    crate::faults::hold(cpu);
    if cpu.backlog.is_postponed() {
        return resume(cpu);
    }
    if !cpu.mailbox.0.leave() {
        let batch = cpu.mailbox.0.take(&Addresses);
        go_on(cpu, batch, TURN);
    }
}

/// What is left of a turn, beginning with `batch`. Only what comes after a node is counted: one node is the common case.
#[inline(always)]
fn go_on(cpu: &'static Cpu, mut batch: Batch, mut left: u32) {
    loop {
        while let Some(node) = batch.next(&Addresses) {
            cpu.count(Counter::RemoteRequests);
            handle(cpu, node);
            if !batch.is_empty() {
                left -= 1;
                if left == 0 {
                    return postpone(cpu, batch);
                }
            }
        }
        hold::at(cpu, Point::Drained);
        if cpu.mailbox.0.leave() {
            cpu.backlog.own_post.set(false);
            return;
        }
        left -= 1;
        if left == 0 {
            return postpone(cpu, batch);
        }
        batch = cpu.mailbox.0.take(&Addresses);
    }
}

/// A turn of what was postponed, then of what came since.
#[cold]
#[inline(never)]
fn resume(cpu: &'static Cpu) {
    cpu.backlog.postponed.set(false);
    let rest = cpu
        .backlog
        .rest
        .with(|rest| core::mem::replace(rest, Batch::empty()));
    go_on(cpu, rest, TURN);
}

/// The turn is over: `batch`, and what is in the mailbox, comes later. What the CPU posted to itself does not, nor what was sent
/// before that (rule 8 of the protocol).
#[cold]
#[inline(never)]
fn postpone(cpu: &'static Cpu, mut batch: Batch) {
    while cpu.backlog.own_post.replace(false) {
        finish(cpu, &mut batch);
        batch = cpu.mailbox.0.take(&Addresses);
        finish(cpu, &mut batch);
    }
    if batch.is_empty() && cpu.mailbox.0.leave() {
        return;
    }
    cpu.backlog.rest.with(|rest| *rest = batch);
    cpu.backlog.postponed.set(true);
}

fn finish(cpu: &'static Cpu, batch: &mut Batch) {
    while let Some(node) = batch.next(&Addresses) {
        cpu.count(Counter::RemoteRequests);
        handle(cpu, node);
    }
}

/// What a CPU finds in its mailbox.
#[must_use]
pub(crate) enum Found {
    /// Nothing came.
    Nothing,
    /// Something: the turn is over.
    Mail,
    /// Only a message for this thread, which has it and is to run; from now on the first node rings again.
    Message(Owned),
}

/// Takes what was sent to this CPU, which halted or ran a thread in user mode: one message is the common case.
#[inline(always)]
pub(crate) fn hear(cpu: &'static Cpu) -> Found {
    match hear_one(cpu) {
        Heard::Silently(thread) => Found::Message(thread),
        Heard::Loudly(thread, sender) => {
            told(cpu, sender, thread).map_or(Found::Mail, Found::Message)
        }
        Heard::All => Found::Mail,
    }
}

/// What [`hear_one`] did.
#[must_use]
pub(crate) enum Heard {
    /// All that came is handled, or postponed.
    All,
    /// Only a message for this thread, which has it and is to run.
    Silently(Owned),
    /// The same, and its sender is to be told first.
    Loudly(Owned, TcbRef),
}

/// As [`hear`], in which nothing is left to do after something uncommon.
#[inline(always)]
pub(crate) fn hear_one(cpu: &'static Cpu) -> Heard {
    #[cfg(debug_assertions)]
    crate::faults::hold(cpu);
    if cpu.backlog.is_postponed() {
        // Somebody rang before that. It goes on with the tick, or the dispatcher.
        return Heard::All;
    }
    let Some(only) = cpu.mailbox.0.take_only(&Addresses, |_| true) else {
        drain_all(cpu);
        return Heard::All;
    };
    if node(only).kind.get() != Kind::Request {
        handle_only(cpu, only);
        return Heard::All;
    }
    cpu.backlog.own_post.set(false);
    cpu.count(Counter::RemoteRequests);
    hold::at(cpu, Point::Request);
    let sender = TcbRef::containing(only);
    match short::serve(cpu, sender) {
        Served::Silently(partner) => Heard::Silently(partner),
        Served::Loudly(partner) => Heard::Loudly(partner, sender),
        Served::Not => {
            request_only(cpu, sender);
            Heard::All
        }
    }
}

#[cold]
#[inline(never)]
fn drain_all(cpu: &'static Cpu) {
    drain(cpu);
}

/// Handles a node that was taken alone, and what came since.
#[cold]
#[inline(never)]
fn handle_only(cpu: &'static Cpu, node: usize) {
    cpu.mailbox.0.listen();
    cpu.count(Counter::RemoteRequests);
    handle(cpu, node);
    end_turn(cpu);
}

/// As [`handle_only`], for a request that is not the common one.
#[cold]
#[inline(never)]
fn request_only(cpu: &'static Cpu, sender: TcbRef) {
    cpu.mailbox.0.listen();
    serve::request(cpu, sender);
    end_turn(cpu);
}

/// One node is handled, and nearly always that is all.
#[inline(always)]
fn end_turn(cpu: &'static Cpu) {
    hold::at(cpu, Point::Drained);
    if cpu.mailbox.0.leave() {
        cpu.backlog.own_post.set(false);
    } else {
        serve_rest(cpu);
    }
}

#[cold]
#[inline(never)]
fn serve_rest(cpu: &'static Cpu) {
    let batch = cpu.mailbox.0.take(&Addresses);
    go_on(cpu, batch, TURN - 1);
}

/// Looks at the mailbox `times` times in a row. Nobody need ring meanwhile, nor until the CPU leaves or halts: it looks again
/// before. It has nothing to run and nothing postponed.
#[inline(always)]
pub(crate) fn poll(cpu: &'static Cpu, times: u32) -> Found {
    cpu.mailbox.0.listen();
    for _ in 0..times {
        if cpu.mailbox.0.has_mail() {
            return hear(cpu);
        }
    }
    Found::Nothing
}

/// As [`poll`], with a pause after each look, and on the stack of a thread that has just blocked, which what else may come must
/// not find there. Returns who has got a message and is to run; else what has come is the dispatcher's, which has to run soon.
#[inline(always)]
pub(crate) fn listen(cpu: &'static Cpu, times: u32) -> Option<Owned> {
    if !is_mail_seen(cpu, times) {
        return None;
    }
    let is_request = |address| node(address).kind.get() == Kind::Request;
    let is_wanted = |address| is_request(address) && !hold::is_due(cpu, Point::Request);
    let only = cpu.mailbox.0.take_only(&Addresses, is_wanted)?;
    cpu.backlog.own_post.set(false);
    let sender = TcbRef::containing(only);
    match short::serve(cpu, sender) {
        Served::Silently(partner) => {
            cpu.count(Counter::RemoteRequests);
            Some(partner)
        }
        Served::Loudly(partner) => {
            cpu.count(Counter::RemoteRequests);
            told(cpu, sender, partner)
        }
        Served::Not => {
            keep(cpu, only);
            None
        }
    }
}

/// Tells `sender`. Returns `partner` if it is to run at once: not if the sender lives here and has to hear that first (rule 8
/// of the protocol).
#[cold]
#[inline(never)]
fn told(cpu: &Cpu, sender: TcbRef, partner: Owned) -> Option<Owned> {
    short::tell(cpu, sender);
    if cpu.mailbox.0.has_mail() {
        sched::wake(cpu, partner);
        return None;
    }
    Some(partner)
}

/// Leaves a node that was taken alone to the dispatcher.
#[cold]
#[inline(never)]
fn keep(cpu: &Cpu, node: usize) {
    cpu.backlog.rest.with(|rest| *rest = Batch::of(node));
    cpu.backlog.postponed.set(true);
}

#[inline(always)]
fn is_mail_seen(cpu: &Cpu, times: u32) -> bool {
    cpu.mailbox.0.listen();
    for _ in 0..times {
        if cpu.mailbox.0.has_mail() {
            return true;
        }
        core::hint::spin_loop();
    }
    cpu.mailbox.0.has_mail()
}
