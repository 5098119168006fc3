//! One run: the same message again, with other contents, perhaps with an interrupt.

use core::fmt;

use l4::{IpcError, clock};

use crate::crew::{self, Case, Deed, Mover};
use crate::letter::{self, Key, LENGTH};
use crate::memory::{HANDLERS, OTHERS, OWN, RECEIVERS, SENDERS, SOURCE, Side};
use crate::timer::Timer;

/// Time-stamp ticks from where a run is set up to where its message begins.
const LEAD: u64 = 6000;

/// What is to be run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    /// Who does what.
    pub(crate) case: Case,
    /// Who lacks the second page.
    pub(crate) missing: Side,
    /// The source of the interrupt.
    pub(crate) timer: Timer,
    /// The run's number: no other run has its contents.
    pub(crate) number: u64,
}

/// What a run was.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outcome {
    /// Instructions from the beginning to where both were through, those of the preempting thread included.
    pub(crate) length: u64,
    /// Instructions from the beginning to the interrupt; 0 if there was none.
    pub(crate) offset: u64,
    /// Bytes that had arrived when it came, if the preempting thread looks.
    pub(crate) progress: Option<usize>,
}

/// What is wrong with a run.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Wrong {
    /// The partners' message.
    Message(letter::Wrong),
    /// The preempting thread's.
    Nested(letter::Wrong),
    /// Whoever sets up the runs could not talk to the threads.
    Lost(IpcError),
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Message(wrong) => write!(f, "the message: {wrong:x?}"),
            Self::Nested(wrong) => write!(f, "the preempting thread's message: {wrong:x?}"),
            Self::Lost(error) => write!(f, "a run did not begin or end: {error:?}"),
        }
    }
}

impl From<IpcError> for Wrong {
    fn from(error: IpcError) -> Self {
        Self::Lost(error)
    }
}

impl Plan {
    /// Runs without an interrupt.
    pub(crate) fn undisturbed(self) -> Result<Outcome, Wrong> {
        self.prepare();
        crew::begin_first(self.case.mover)?;
        crew::begin_second(self.case.mover, clock::ticks() + LEAD)?;
        self.judge()?;
        Ok(self.outcome(None))
    }

    /// Runs with an interrupt before the instruction that begins `offset` instructions after the beginning. If something
    /// else came between, the outcome has another offset.
    pub(crate) fn interrupted(self, offset: u64) -> Result<Outcome, Wrong> {
        let mover = self.case.mover;
        let nested = self.case.deed == Deed::Speaks;
        self.prepare();
        if nested {
            self.nested_key()
                .write(self.nested_pages().0, self.nested_pages().1);
            crew::begin_other()?;
        }
        let hits = crew::hits();
        crew::begin_first(mover)?;
        let fires = self.timer.shoot(offset + LEAD);
        crew::begin_second(mover, fires - offset)?;
        while crew::hits() == hits {
            core::hint::spin_loop();
        }
        if nested {
            crew::end_other()?;
            self.judge_nested()?;
        }
        self.judge()?;
        Ok(self.outcome(Some(fires)))
    }

    fn prepare(self) {
        crew::announce([self.key(), self.nested_key()]);
        match self.missing {
            Side::Sender => SENDERS.take_second(),
            Side::Receiver => RECEIVERS.take_second(),
        }
        self.key().write(&SENDERS, &RECEIVERS);
    }

    const fn key(self) -> Key {
        Key(2 * self.number)
    }

    const fn nested_key(self) -> Key {
        Key(2 * self.number + 1)
    }

    fn judge(self) -> Result<(), Wrong> {
        let (sender, receiver, from) = crew::partners();
        let aborted = sender.has_failed() || receiver.has_failed();
        let (seen, length) = if aborted && self.case.deed == Deed::Aborts {
            // Nothing may go over once it is aborted.
            let length = crew::progress();
            (sender.judge_abort(&receiver, length), length)
        } else {
            let receivers = |()| receiver.judge_receiver(self.key(), from, SOURCE);
            (sender.judge_sender().and_then(receivers), LENGTH)
        };
        seen.and_then(|()| self.key().judge(&SENDERS, &RECEIVERS, length))
            .map_err(Wrong::Message)
    }

    fn judge_nested(self) -> Result<(), Wrong> {
        let (sender, receiver, from) = crew::others(self.case.mover);
        let place = match self.case.mover {
            Mover::Sender => OWN,
            Mover::Receiver => SOURCE,
        };
        let (source, target) = self.nested_pages();
        let seen = sender
            .judge_sender()
            .and_then(|()| receiver.judge_receiver(self.nested_key(), from, place));
        seen.and_then(|()| self.nested_key().judge(source, target, LENGTH))
            .map_err(Wrong::Nested)
    }

    /// The pages of the preempting thread's message: the sender's and the receiver's.
    const fn nested_pages(self) -> (&'static crate::memory::Pair, &'static crate::memory::Pair) {
        match self.case.mover {
            Mover::Sender => (&HANDLERS, &OTHERS),
            Mover::Receiver => (&OTHERS, &HANDLERS),
        }
    }

    fn outcome(self, fires: Option<u64>) -> Outcome {
        let (sender, receiver, _) = crew::partners();
        let begin = match self.case.mover {
            Mover::Sender => sender.begin,
            Mover::Receiver => receiver.begin,
        };
        Outcome {
            length: sender.end.max(receiver.end) - begin,
            offset: fires.map_or(0, |fires| fires.saturating_sub(begin)),
            progress: (self.case.deed != Deed::Speaks).then(crew::progress),
        }
    }
}
