//! One IPC of a worker: done, entered into the books, and judged.

use core::sync::atomic::Ordering::{Acquire, Relaxed, Release};

use l4::ipc::{self, Received};
use l4::{IpcCode, IpcError, Message, Phase, ThreadId, Time, Timeouts, clock, utcb};
use stress::cut::Cut;
use stress::letter::{Kind, Letter};
use stress::plan::Space;
use stress::random::Random;
use stress::verdict::{Stakes, Verdict, judge};
use stress::wrong::What;

use crate::board::{Doing, RUN, SLOTS, Slot, count, pair, report};
use crate::luggage::Luggage;
use crate::vector;

/// Whom a message goes to.
#[derive(Clone, Copy)]
pub(crate) struct Target {
    pub(crate) worker: usize,
    pub(crate) id: ThreadId,
    pub(crate) kind: Kind,
    pub(crate) limit: Time,
}

/// Whom a message may come from.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    Anybody,
    AnybodyHere,
    Worker(usize, ThreadId),
    /// A sleep.
    Myself,
}

/// An IPC: either part may be missing.
#[derive(Clone, Copy)]
pub(crate) struct Operation {
    pub(crate) send: Option<Target>,
    pub(crate) receive: Option<(Source, Time)>,
}

impl Operation {
    /// Whether it receives from more than one.
    fn is_open(&self) -> bool {
        matches!(
            self.receive,
            Some((Source::Anybody | Source::AnybodyHere, _))
        )
    }
}

/// The worker that does it.
pub(crate) struct Actor {
    pub(crate) index: usize,
    pub(crate) id: ThreadId,
    /// What its vector registers hold.
    pub(crate) pattern: u64,
    /// Where its strings and buffers lie.
    pub(crate) random: Random,
}

/// Something wrong, with the partner, if that is known, and a detail.
type Fault = (What, Option<usize>, u64);

/// What an operation reckoned with when it began.
struct Start {
    micros: u64,
    sends_aborted: u64,
    receives_aborted: u64,
}

/// What came of it.
pub(crate) enum Outcome {
    /// All parts succeeded; the message, if it received one, and the id to answer it to.
    Done(Option<(Letter, ThreadId)>),
    /// A part failed, as it may.
    Failed(IpcError),
    /// Something is wrong and has been reported.
    Wrong,
}

impl Actor {
    fn slot(&self) -> &'static Slot {
        &SLOTS[self.index]
    }

    /// Carries out `operation`.
    pub(crate) fn run(&mut self, operation: Operation) -> Outcome {
        let sent = operation
            .send
            .map(|to| (to.worker, pair(self.index, to.worker).attempt()));
        let letter = operation.send.zip(sent).map(|(to, (_, number))| Letter {
            sender: self.index,
            receiver: to.worker,
            kind: to.kind,
            number,
        });
        let mut message = Message::new(0);
        if let Some(letter) = letter {
            let (label, words) = letter.write(RUN.style());
            message = Message::new(label).words(words.as_slice());
        }
        let receives = matches!(operation.receive, Some((source, _)) if source != Source::Myself);
        let luggage = Luggage::pack(self.index, &mut self.random, letter, receives);
        let start = self.begin(operation, sent, &luggage);
        let result = self.perform(operation, message, &luggage);
        let end = clock::micros();
        let slot = self.slot();
        slot.ticket.store(0, Release);
        if let Some((target, number)) = sent {
            self.enter_sent(target, number, result.as_ref().err());
        }
        let outcome = match result {
            Ok(received) => self.accept(operation, &start, received.as_ref(), &luggage),
            Err(error) => self.weigh(operation, &start, error, &luggage, end - start.micros),
        };
        slot.doing.store(Doing::NOTHING.0, Release);
        let examined = outcome.and_then(|outcome| self.examine().map(|()| outcome));
        examined.unwrap_or_else(|(what, partner, detail)| {
            report(what, self.index, partner, detail);
            Outcome::Wrong
        })
    }

    /// Leaves a note of what is going to happen.
    fn begin(&self, operation: Operation, sent: Option<(usize, u64)>, luggage: &Luggage) -> Start {
        let slot = self.slot();
        let start = Start {
            micros: clock::micros(),
            sends_aborted: slot.send_aborts.done.load(Acquire),
            receives_aborted: slot.receive_aborts.done.load(Acquire),
        };
        let without_limit = operation.send.is_none_or(|to| to.limit == Time::ZERO)
            && operation.receive == Some((Source::Anybody, Time::NEVER));
        if let (Some((target, number)), Some((Source::Worker(..), Time::NEVER))) =
            (sent, operation.receive)
        {
            slot.ticket_aborts.store(start.receives_aborted, Release);
            slot.ticket.store(ticket(target, number), Release);
        }
        let mut doing = Doing::new(sent, operation.receive.is_some(), without_limit);
        if luggage.is_heavy() {
            doing = doing.with_strings();
        }
        slot.doing.store(doing.0, Release);
        count(&slot.rounds);
        start
    }

    /// Does it. A message comes back only from a receive.
    fn perform(
        &self,
        operation: Operation,
        message: Message,
        luggage: &Luggage,
    ) -> Result<Option<Received>, IpcError> {
        let to = operation.send.map_or(ThreadId::NIL, |to| to.id);
        let from = match operation.receive {
            None => ThreadId::NIL,
            Some((Source::Anybody, _)) => ThreadId::ANY,
            Some((Source::AnybodyHere, _)) => ThreadId::ANY_LOCAL,
            Some((Source::Worker(_, id), _)) => id,
            Some((Source::Myself, _)) => self.id,
        };
        let limits = Timeouts::new(
            operation.send.map_or(Time::NEVER, |to| to.limit),
            operation.receive.map_or(Time::NEVER, |(_, limit)| limit),
        );
        let received = if luggage.is_heavy() {
            luggage.exchange(self.index, [to, from], limits, message)
        } else {
            ipc::exchange(to, from, limits, &message)
        };
        received.map(|received| operation.receive.map(|_| received))
    }

    /// Enters a message that went over, whole or in part; `error` ended the operation.
    fn enter_sent(&self, target: usize, number: u64, error: Option<&IpcError>) {
        let account = pair(self.index, target);
        let failed = error.filter(|error| error.phase == Phase::Send);
        match failed.map(|error| Cut::told(*error)) {
            None => account.enter_sent(number, 0),
            Some(Some(cut)) => account.enter_sent(number, cut.stamp()),
            Some(None) => {}
        }
    }

    /// Leaves a note of what came, for the report.
    fn note_last(&self, message: &Message, from: u64) {
        let [tag, other] = &self.slot().last;
        tag.store(message.tag().raw(), Relaxed);
        other.store(from, Relaxed);
    }

    /// Reads the message that came, whole or in part, and enters it.
    fn enter_received(&self, message: &Message, stamp: u64) -> Result<Letter, Fault> {
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
    fn accept(
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
        if source != Source::Myself && is_late_answer(*from, message) {
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

    /// Whether the kernel tells the truth about where the message came from.
    fn origin(
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
    fn asked(&self, source: Source, partner: usize) -> bool {
        match source {
            Source::Worker(worker, _) => worker == partner,
            Source::AnybodyHere => same_space(partner, self.index),
            Source::Anybody => true,
            Source::Myself => false,
        }
    }

    /// Judges a failure after `micros` microseconds.
    fn weigh(
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

    /// Enters a message that came in part, and proves that it is that part. Returns who sent it.
    fn accept_cut(
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

    /// What the send phase had to reckon with.
    fn sending(&self, to: Target, start: &Start, luggage: &Luggage) -> Stakes {
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
    fn receiving(
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
    fn examine(&self) -> Result<(), Fault> {
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

/// What a worker shows that waits without a limit for `target` to answer its request `number`.
pub(crate) const fn ticket(target: usize, number: u64) -> u64 {
    number << 8 | (target as u64 + 1)
}

/// Whether two workers live in one space.
pub(crate) fn same_space(one: usize, other: usize) -> bool {
    let (first, second) = (RUN.worker(one).space, RUN.worker(other).space);
    one == other || first == second && first != Space::Own
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

/// As [`is_late_answer`], to a thread of another space: it carries a page, for which who waits has no room.
fn is_refused_answer(error: IpcError, message: &Message) -> bool {
    let only_a_page = message.untyped().is_empty() && message.typed().len() == 2;
    let overflows = error.code == IpcCode::Overflow && error.offset == 0;
    overflows && message.label() == 0 && only_a_page
}
