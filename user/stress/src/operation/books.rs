//! What went over, and what came, goes into the books.

use core::sync::atomic::Ordering::{Acquire, Relaxed};

use l4::ipc::Received;
use l4::{IpcCode, IpcError, Message, Phase, ThreadId};
use stress::cut::Cut;
use stress::letter::Letter;
use stress::wrong::What;

use super::{Actor, Fault, Operation, Outcome, Source, Start};
use crate::board::{RUN, SLOTS, count, pair};
use crate::luggage::Luggage;

impl Actor {
    /// Enters a message that went over, whole or in part; `error` ended the operation.
    pub(super) fn enter_sent(&self, target: usize, number: u64, error: Option<&IpcError>) {
        let account = pair(self.index, target);
        let failed = error.filter(|error| error.phase == Phase::Send);
        match failed.map(|error| Cut::told(*error)) {
            None => account.enter_sent(number, 0),
            Some(Some(cut)) => account.enter_sent(number, cut.stamp()),
            Some(None) => {}
        }
    }

    /// Leaves a note of what came, for the report.
    pub(super) fn note_last(&self, message: &Message, from: u64) {
        let [tag, other] = &self.slot().last;
        tag.store(message.tag().raw(), Relaxed);
        other.store(from, Relaxed);
    }

    /// Reads the message that came, whole or in part, and enters it.
    pub(super) fn enter_received(&self, message: &Message, stamp: u64) -> Result<Letter, Fault> {
        let letter = Letter::read(RUN.style(), self.index, message.label(), message.untyped())
            .map_err(|(what, detail)| (what, None, detail))?;
        let partner = letter.sender;
        if partner >= RUN.workers() {
            return Err((What::UnknownLabel, Some(partner), message.label()));
        }
        pair(partner, self.index)
            .enter_received(letter.number, stamp)
            .map_err(|what| (what, Some(partner), letter.number))?;
        Ok(letter)
    }

    /// Enters a success.
    pub(super) fn accept(
        &self,
        operation: Operation,
        start: &Start,
        received: Option<&Received>,
        luggage: &Luggage,
    ) -> Result<Outcome, Fault> {
        let Some(((source, _), Received { from, message, .. })) = operation.receive.zip(received)
        else {
            return Ok(Outcome::Done(None));
        };
        if source == Source::Myself {
            return Err((What::Sleep, None, message.tag().raw()));
        }
        self.note_last(message, from.raw());
        if operation.is_open() && is_late_answer(*from, message) {
            return Ok(Outcome::Done(None));
        }
        let letter = self.enter_received(message, 0)?;
        let counts = &self.slot().counts;
        count(&counts.messages);
        if message.tag().is_cross_cpu() {
            count(&counts.crossed);
        }
        let lengths = letter.strings(RUN.style());
        if !lengths.is_empty() {
            count(&counts.transfers);
        }
        let came = message.string_lengths();
        let sent = lengths.as_slice().iter().map(|length| *length as u64);
        let checked = if came.eq(sent) {
            luggage.verify(self.index, letter, None)
        } else {
            Err((What::Item, message.tag().raw()))
        };
        checked
            .and_then(|()| self.origin(source, start, letter.sender, *from, message))
            .map_err(|(what, detail)| (what, Some(letter.sender), detail))?;
        Ok(Outcome::Done(Some((letter, *from))))
    }

    /// Enters a message that came in part, and proves that it is that part. Returns who sent it.
    pub(super) fn accept_cut(
        &self,
        operation: Operation,
        luggage: &Luggage,
        cut: Cut,
        error: IpcError,
        message: &Message,
    ) -> Result<usize, Fault> {
        let letter = self.enter_received(message, cut.stamp())?;
        let partner = Some(letter.sender);
        let source = operation.receive.map(|(source, _)| source);
        if !source.is_some_and(|source| self.asked(source, letter.sender)) {
            return Err((What::NotAsked, partner, message.label()));
        }
        let overflows = error.code == IpcCode::Overflow;
        if overflows && luggage.overflow(letter) != Some(error.offset) {
            return Err((What::Offset, partner, error.raw()));
        }
        luggage
            .verify(self.index, letter, Some(error.offset as usize))
            .map_err(|(what, detail)| (what, partner, detail))?;
        Ok(letter.sender)
    }
}

/// Whether a message is one by which a pager answers a fault that was called off meanwhile: it reaches whoever waits for
/// anybody by then, as any message would. To a thread of the pager's space it is empty, and no worker's.
fn is_late_answer(from: ThreadId, message: &Message) -> bool {
    let is_empty = message.label() == 0 && message.untyped().is_empty();
    let is_workers = (0..RUN.workers()).any(|worker| {
        if from.is_local() {
            SLOTS[worker].local.load(Acquire) == from.raw()
        } else {
            crate::crew::number(worker) == from.number()
        }
    });
    is_empty && !is_workers && !from.is_nil()
}
