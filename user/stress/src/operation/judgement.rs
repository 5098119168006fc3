//! Whether an operation has ended as it may.

use core::sync::atomic::Ordering::Acquire;

use l4::{IpcCode, IpcError, Message, Phase, ThreadId, Time, utcb};
use stress::cut::Cut;
use stress::verdict::{Stakes, Verdict, judge};
use stress::wrong::What;

use super::{Actor, Fault, Operation, Outcome, Source, Start, Target, same_space};
use crate::board::{RUN, SLOTS, count};
use crate::luggage::Luggage;
use crate::vector;

impl Actor {
    /// Whether the kernel tells the truth about where the message came from.
    pub(super) fn origin(
        &self,
        source: Source,
        start: &Start,
        partner: usize,
        from: ThreadId,
        message: &Message,
    ) -> Result<(), (What, u64)> {
        let tag = message.tag();
        if tag.is_propagated() || tag.is_redirected() || tag.is_error() {
            return Err((What::Flags, tag.raw()));
        }
        if !self.asked(source, partner) {
            return Err((What::NotAsked, from.raw()));
        }
        let sender = &SLOTS[partner];
        if same_space(partner, self.index) {
            if from.raw() != sender.local.load(Acquire) {
                return Err((What::Impostor, from.raw()));
            }
        } else {
            let version = u64::from(from.version());
            if from.number() != crate::crew::number(partner)
                || version > sender.version.load(Acquire)
            {
                return Err((What::Impostor, from.raw()));
            }
            if version <= sender.buried.load(Acquire)
                && sender.buried_at.load(Acquire) < start.micros
            {
                return Err((What::Ghost, from.raw()));
            }
        }
        let (mine, other) = (RUN.worker(self.index), RUN.worker(partner));
        let known = mine.settled && other.settled;
        let crosses = mine.cpu != other.cpu;
        // Who sends strings is where its partner is for that time, and what comes for it meanwhile comes the long way.
        let away = RUN.style().long && !crosses;
        if known && !away && tag.is_cross_cpu() != crosses {
            return Err((What::CrossBit, tag.raw()));
        }
        Ok(())
    }

    /// Whether a message of worker `partner` may come when one of `source` is received.
    pub(super) fn asked(&self, source: Source, partner: usize) -> bool {
        match source {
            Source::Worker(worker, _) => worker == partner,
            Source::AnybodyHere => same_space(partner, self.index),
            Source::Anybody => true,
            Source::Myself => false,
        }
    }

    /// Judges a failure after `micros` microseconds.
    pub(super) fn weigh(
        &self,
        operation: Operation,
        start: &Start,
        error: IpcError,
        luggage: &Luggage,
        micros: u64,
    ) -> Result<Outcome, Fault> {
        let cut = Cut::told(error);
        let mut partner = operation
            .send
            .map(|to| to.worker)
            .or(match operation.receive {
                Some((Source::Worker(worker, _), _)) => Some(worker),
                _ => None,
            });
        if let (Some(cut), Phase::Receive) = (cut, error.phase) {
            let message = Message::load(utcb::my());
            self.note_last(&message, error.raw());
            if operation.is_open() && is_refused_answer(error, &message) {
                return Ok(Outcome::Failed(error));
            }
            partner = Some(self.accept_cut(operation, luggage, cut, error, &message)?);
        }
        let send = operation.send.map(|to| self.sending(to, start, luggage));
        let receive = operation.receive.map(|(source, limit)| {
            let sender = partner.filter(|_| cut.is_some());
            self.receiving(source, limit, start, luggage, sender)
        });
        match judge(error, send, receive, micros) {
            Verdict::Allowed => {}
            Verdict::Forbidden => return Err((What::Outcome, partner, error.raw())),
            Verdict::TooEarly => return Err((What::TooEarly, partner, micros)),
        }
        let counts = &self.slot().counts;
        let slept = matches!(operation.receive, Some((Source::Myself, _)));
        match error.code {
            _ if cut.is_some() => count(&counts.cuts),
            // The end of a sleep is none that anybody waited for.
            IpcCode::Timeout if slept => {}
            IpcCode::Timeout => count(&counts.timeouts),
            IpcCode::Cancelled => count(&counts.cancels),
            _ => count(&counts.gone),
        }
        Ok(Outcome::Failed(error))
    }

    /// What the send phase had to reckon with.
    pub(super) fn sending(&self, to: Target, start: &Start, luggage: &Luggage) -> Stakes {
        let died = is_gone(to.worker, to.id);
        Stakes {
            limit: to.limit,
            transfer: luggage.limits.send(),
            strings: !luggage.lengths.is_empty(),
            cancelled: self.slot().send_aborts.since(start.sends_aborted),
            disturbed: died || SLOTS[to.worker].receive_aborts.after(start.micros),
            died,
        }
    }

    /// What the receive phase had to reckon with; `sender` is who sent what was cut, if something was.
    pub(super) fn receiving(
        &self,
        source: Source,
        limit: Time,
        start: &Start,
        luggage: &Luggage,
        sender: Option<usize>,
    ) -> Stakes {
        let disturbed = |sender: usize| {
            let sender = &SLOTS[sender];
            sender.send_aborts.after(start.micros) || sender.died_after(start.micros)
        };
        Stakes {
            limit,
            transfer: luggage.limits.recv(),
            strings: RUN.style().long && source != Source::Myself,
            cancelled: self.slot().receive_aborts.since(start.receives_aborted),
            disturbed: sender.is_some_and(disturbed),
            died: matches!(source, Source::Worker(worker, id) if is_gone(worker, id)),
        }
    }

    /// What must hold after every operation.
    pub(super) fn examine(&self) -> Result<(), Fault> {
        for held in vector::get() {
            if held != self.pattern {
                return Err((What::Registers, None, held));
            }
        }
        let plan = RUN.worker(self.index);
        let cpu = utcb::my().processor();
        if plan.settled && cpu != plan.cpu {
            return Err((What::Home, None, cpu as u64));
        }
        Ok(())
    }
}

/// Whether the thread that had this id has been or is being deleted; a local id does not tell the version.
fn is_gone(worker: usize, id: ThreadId) -> bool {
    id.is_local() || SLOTS[worker].dies(id.version())
}

/// Whether a message that failed is such a late answer of a pager's (see `books`) to a thread of another space: it carries a page,
/// for which who waits has no room.
fn is_refused_answer(error: IpcError, message: &Message) -> bool {
    let only_a_page = message.untyped().is_empty() && message.typed().len() == 2;
    let overflows = error.code == IpcCode::Overflow && error.offset == 0;
    overflows && message.label() == 0 && only_a_page
}
