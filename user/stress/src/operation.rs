//! One IPC of a worker: done, entered into the books, and judged.

use core::sync::atomic::Ordering::{Acquire, Relaxed, Release};

use l4::ipc::{self, Received};
use l4::{IpcCode, IpcError, Message, Phase, ThreadId, Time, Timeouts, clock, utcb};
use stress::letter::{Kind, Letter};
use stress::plan::Space;
use stress::verdict::{Stakes, Verdict, judge};
use stress::wrong::What;

use crate::board::{Doing, RUN, SLOTS, Slot, count, pair, report};
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

/// The worker that does it.
#[derive(Clone, Copy)]
pub(crate) struct Actor {
    pub(crate) index: usize,
    pub(crate) id: ThreadId,
    /// What its vector registers hold.
    pub(crate) pattern: u64,
}

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
    fn slot(self) -> &'static Slot {
        &SLOTS[self.index]
    }

    fn wrong(self, what: What, partner: Option<usize>, detail: u64) -> Outcome {
        report(what, self.index, partner, detail);
        Outcome::Wrong
    }

    /// Carries out `operation`; the second value is the number of the message that it tried to send.
    pub(crate) fn run(self, operation: Operation) -> (Outcome, u64) {
        let seed = RUN.seed.load(Relaxed);
        let sent = operation
            .send
            .map(|to| (to.worker, pair(self.index, to.worker).attempt()));
        let number = sent.map_or(0, |(_, number)| number);
        let mut message = Message::new(0);
        if let Some(to) = operation.send {
            let letter = Letter {
                sender: self.index,
                receiver: to.worker,
                kind: to.kind,
                number,
            };
            let (label, words) = letter.write(seed);
            message = Message::new(label).words(words.as_slice());
        }
        let start = self.begin(operation, sent);
        let result = perform(self.id, operation, &message);
        let slot = self.slot();
        slot.ticket.store(0, Release);
        let send_failed = matches!(result, Err(error) if error.phase == Phase::Send);
        if let Some((target, number)) = sent
            && !send_failed
        {
            pair(self.index, target).enter_sent(number);
        }
        let outcome = match result {
            Ok(received) => self.accept(operation, &start, received.as_ref()),
            Err(error) => self.weigh(operation, &start, error),
        };
        slot.doing.store(Doing::NOTHING.0, Release);
        (self.examine(outcome), number)
    }

    /// Leaves a note of what is going to happen.
    fn begin(self, operation: Operation, sent: Option<(usize, u64)>) -> Start {
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
        let doing = Doing::new(sent, operation.receive.is_some(), without_limit);
        slot.doing.store(doing.0, Release);
        count(&slot.rounds);
        start
    }

    /// Enters a success.
    fn accept(self, operation: Operation, start: &Start, received: Option<&Received>) -> Outcome {
        let Some((source, _)) = operation.receive else {
            return Outcome::Done(None);
        };
        let Some(Received { from, message, .. }) = received else {
            return Outcome::Done(None);
        };
        if source == Source::Myself {
            return self.wrong(What::Sleep, None, message.tag().raw());
        }
        let words = message.untyped();
        let seed = RUN.seed.load(Relaxed);
        let letter = match Letter::read(seed, self.index, message.label(), words) {
            Ok(letter) if letter.sender < RUN.workers() => letter,
            Ok(letter) => {
                return self.wrong(What::UnknownLabel, Some(letter.sender), message.label());
            }
            Err((what, detail)) => return self.wrong(what, None, detail),
        };
        let partner = letter.sender;
        if let Err(what) = pair(partner, self.index).enter_received(letter.number) {
            return self.wrong(what, Some(partner), letter.number);
        }
        count(&self.slot().counts.messages);
        if message.tag().is_cross_cpu() {
            count(&self.slot().counts.crossed);
        }
        if let Err((what, detail)) = self.origin(source, start, partner, *from, message) {
            return self.wrong(what, Some(partner), detail);
        }
        Outcome::Done(Some((letter, *from)))
    }

    /// Whether the kernel tells the truth about where the message came from.
    fn origin(
        self,
        source: Source,
        start: &Start,
        partner: usize,
        from: ThreadId,
        message: &Message,
    ) -> Result<(), (What, u64)> {
        let tag = message.tag();
        if tag.typed() != 0 || tag.is_propagated() || tag.is_redirected() || tag.is_error() {
            return Err((What::Flags, tag.raw()));
        }
        let asked = match source {
            Source::Worker(worker, _) => worker == partner,
            Source::AnybodyHere => same_space(partner, self.index),
            Source::Anybody | Source::Myself => true,
        };
        if !asked {
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
        if known && tag.is_cross_cpu() != (mine.cpu != other.cpu) {
            return Err((What::CrossBit, tag.raw()));
        }
        Ok(())
    }

    /// Judges a failure.
    fn weigh(self, operation: Operation, start: &Start, error: IpcError) -> Outcome {
        let slot = self.slot();
        let micros = clock::micros() - start.micros;
        let gone = |worker: usize, id: ThreadId| {
            // A local id does not tell the version.
            id.is_local() || SLOTS[worker].dies(id.version())
        };
        let stakes = Stakes {
            send: operation.send.map(|to| to.limit),
            receive: operation.receive.map(|(_, limit)| limit),
            send_cancelled: slot.send_aborts.since(start.sends_aborted),
            receive_cancelled: slot.receive_aborts.since(start.receives_aborted),
            target_died: operation.send.is_some_and(|to| gone(to.worker, to.id)),
            source_died: matches!(operation.receive, Some((Source::Worker(worker, id), _)) if gone(worker, id)),
        };
        let partner = operation
            .send
            .map(|to| to.worker)
            .or(match operation.receive {
                Some((Source::Worker(worker, _), _)) => Some(worker),
                _ => None,
            });
        match judge(error, stakes, micros) {
            Verdict::Allowed => {}
            Verdict::Forbidden => return self.wrong(What::Outcome, partner, error.raw()),
            Verdict::TooEarly => return self.wrong(What::TooEarly, partner, micros),
        }
        count(match error.code {
            // The end of a sleep is none that anybody waited for.
            IpcCode::Timeout if matches!(operation.receive, Some((Source::Myself, _))) => {
                return Outcome::Failed(error);
            }
            IpcCode::Timeout => &slot.counts.timeouts,
            IpcCode::Cancelled => &slot.counts.cancels,
            _ => &slot.counts.gone,
        });
        Outcome::Failed(error)
    }

    /// What must hold after every operation.
    fn examine(self, outcome: Outcome) -> Outcome {
        for held in vector::get() {
            if held != self.pattern {
                return self.wrong(What::Registers, None, held);
            }
        }
        let plan = RUN.worker(self.index);
        let cpu = utcb::my().processor();
        if plan.settled && cpu != plan.cpu {
            return self.wrong(What::Home, None, cpu as u64);
        }
        outcome
    }
}

/// Does it. A message comes back only from a receive.
fn perform(
    me: ThreadId,
    operation: Operation,
    message: &Message,
) -> Result<Option<Received>, IpcError> {
    let to = operation.send.map_or(ThreadId::NIL, |to| to.id);
    let from = match operation.receive {
        None => ThreadId::NIL,
        Some((Source::Anybody, _)) => ThreadId::ANY,
        Some((Source::AnybodyHere, _)) => ThreadId::ANY_LOCAL,
        Some((Source::Worker(_, id), _)) => id,
        Some((Source::Myself, _)) => me,
    };
    let limits = Timeouts::new(
        operation.send.map_or(Time::NEVER, |to| to.limit),
        operation.receive.map_or(Time::NEVER, |(_, limit)| limit),
    );
    if operation.receive.is_some() {
        return ipc::exchange(to, from, limits, message).map(Some);
    }
    ipc::send_within(to, message, limits.send()).map(|()| None)
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
