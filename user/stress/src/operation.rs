//! One IPC of a worker: done, entered into the books, and judged.

mod books;
mod judgement;

use core::sync::atomic::Ordering::{Acquire, Release};

use l4::ipc::{self, Received};
use l4::{IpcError, Message, ThreadId, Time, Timeouts, clock};
use stress::letter::{Kind, Letter};
use stress::plan::Space;
use stress::random::Random;
use stress::wrong::What;

use crate::board::{Doing, RUN, SLOTS, Slot, count, pair, report};
use crate::luggage::Luggage;

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
