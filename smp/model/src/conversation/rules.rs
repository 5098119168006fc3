//! The rules of `pecan_smp`, or the same with one of them broken.

use pecan_smp::cpuset::Cpu;
use pecan_smp::protocol::{
    Answer, Ended, Home, Receiver, Route, Serve, Then, across, ended, route, serve,
};
use pecan_smp::request::{Demand, Reason, Word};
use pecan_smp::travel::{Departure, Engaged, Travel};

/// The rule that a mutant lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// The holder of a request does not look for a cancellation.
    NoCancelFlag,
    /// Whoever dequeues a recalled request answers it, and its cancel node answers too.
    TwoAnswers,
    /// Each reason to cancel sends the cancel node.
    CancelNodeReused,
    /// A deleted thread does not stay until its request has ended.
    FreedOnKill,
    /// A thread whose timeout is over goes on before its request has ended.
    ResumedEarly,
    /// A receiver that dies forgets its senders.
    NotFlushed,
    /// A receiver that moves leaves its senders behind.
    QueueLeftBehind,
    /// A node for a thread that moved away is handled where it arrives.
    NoForwarding,
    /// The end is silent although it was demanded.
    AlwaysSilent,
    /// A sender waits at a thread whose silent request is out, without a demand.
    NeverSettles,
    /// A thread whose request may end silently is taken for a waiting one.
    AssumesWaiting,
    /// A request may end silently although a sender is queued at the asker.
    SilentWithQueue,
    /// A thread moves although its request is out.
    MovesWhileAsking,
    /// The home is published by the CPU that the thread leaves.
    PublishedOnDeparture,
    /// A CPU runs threads before it has taken what it pushed to itself.
    OwnPostWaits,
    /// The version of an id is not compared.
    NoVersion,
    /// A deletion is answered when the thread is gone.
    ControlHeld,
    /// Whoever waits for a thread alone does not hear of its end.
    OrphansForgotten,
    /// Nobody looks whether a thread that arrives waits for one that ended meanwhile.
    OrphanInTransit,
    /// A number is used again although the thread that had it is still dying.
    MadeWhileDying,
    /// A thread that was to move does so in the midst of its deletion.
    MovesThoughDying,
    /// A thread leaves in the midst of a transfer.
    MovesInTransfer,
    /// A visitor leaves home although its send phase ended before.
    LeavesWithoutMessage,
    /// A message that was delivered counts as not delivered if it was cancelled meanwhile.
    LateCancelCounts,
    /// A thread that is to move is not told to move elsewhere.
    FirstWordCounts,
    /// A visitor does not go home.
    VisitorStays,
    /// A visitor that does not find its partner goes on at once to where that is.
    RunsAfter,
    /// A long message is delivered from another CPU.
    DeliveredFromAfar,
    /// A thread that is setting out does not leave if it is told to live where it is.
    StaysThoughSettingOut,
    /// The end of a transfer is the end for the one alone whom it was meant for.
    BrokenOffForOne,
    /// A call to a pager goes on although the transfer it was for was broken off.
    CallOutlives,
    /// A thread calls its pager for a partner although the transfer was broken off before it ran.
    ServesBrokenOff,
    /// A fault that nobody serves does not end the transfer.
    WaitsForNoPager,
}

/// The decisions, as the model's CPUs make them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules(pub(super) Option<Fault>);

impl Rules {
    pub(super) fn lacks(self, fault: Fault) -> bool {
        self.0 == Some(fault)
    }

    pub(super) fn route(self, here: Cpu, home: Home) -> Route {
        if self.lacks(Fault::NoForwarding) {
            Route::Here
        } else {
            route(here, home)
        }
    }

    pub(super) fn serve(self, word: Word, receiver: Receiver, patient: bool) -> Serve {
        let seen = if self.lacks(Fault::NoCancelFlag) {
            Word::default()
        } else {
            word
        };
        match serve(seen, receiver, patient) {
            Serve::Settle if self.lacks(Fault::AssumesWaiting) => Serve::Deliver,
            Serve::Settle if self.lacks(Fault::NeverSettles) => {
                serve(seen, Receiver::Busy, patient)
            }
            decision => decision,
        }
    }

    pub(super) fn across(self, decision: Serve, takes_long: bool) -> Serve {
        across(
            decision,
            takes_long && !self.lacks(Fault::DeliveredFromAfar),
        )
    }

    pub(super) fn enqueued(self, word: Word, cpu: Cpu) -> Option<Word> {
        word.enqueued(cpu)
            .or(self.lacks(Fault::NoCancelFlag).then_some(word))
    }

    pub(super) fn demanded(self, word: Word, reason: Reason) -> (Word, Demand) {
        let (new, demand) = word.demanded(reason);
        match (demand, word.queued_on()) {
            (Demand::Outstanding, Some(cpu)) if self.lacks(Fault::CancelNodeReused) => {
                (new, Demand::Recall(cpu))
            }
            _ => (new, demand),
        }
    }

    /// An abort in the model means both phases.
    pub(super) fn ended(self, word: Word, answer: Answer, receives: bool) -> Ended {
        let then = match word.cancelled() {
            _ if !receives => Then::Stop,
            Some(Reason::Abort) => Then::GiveUp,
            _ => Then::Receive,
        };
        match (word.cancelled(), answer) {
            (Some(Reason::Timeout), Answer::Done) if self.lacks(Fault::LateCancelCounts) => {
                ended(word, Answer::Cancelled, then)
            }
            _ => ended(word, answer, then),
        }
    }

    pub(super) fn told(self, travel: Travel, here: Cpu, there: Cpu) -> Travel {
        if travel.next().is_some() && self.lacks(Fault::FirstWordCounts) {
            travel
        } else if here == there && self.lacks(Fault::StaysThoughSettingOut) {
            Travel::default()
        } else {
            travel.told(here, there)
        }
    }

    pub(super) fn arrived(self, travel: Travel) -> Travel {
        if self.lacks(Fault::VisitorStays) {
            travel
        } else {
            travel.arrived()
        }
    }

    pub(super) fn departure(self, travel: Travel, here: Cpu, engaged: Engaged) -> Departure {
        let decision = travel.departure(here, engaged);
        let goes = match (decision, engaged) {
            (Departure::Later, Engaged::Lent) => self.lacks(Fault::MovesWhileAsking),
            (Departure::Later, Engaged::Transfer) => self.lacks(Fault::MovesInTransfer),
            (Departure::Never, _) => self.lacks(Fault::LeavesWithoutMessage),
            _ => false,
        };
        match travel.next() {
            Some(next) if goes => Departure::Now(next),
            _ => decision,
        }
    }
}
