//! What the machine of the model is at a moment.

use pecan_smp::cpuset::Cpu;
use pecan_smp::protocol::{Home, Kind, Outcome};
use pecan_smp::request::Word;
use pecan_smp::travel::Travel;

/// The index of a thread: [`S`], [`R`], [`P`], [`Q`].
pub(super) type Id = usize;

/// The sender or caller.
pub(super) const S: Id = 0;
/// The receiver.
pub(super) const R: Id = 1;
/// A third thread: a neighbour of S, another sender, or a pager.
pub(super) const P: Id = 2;
/// A fourth thread: a neighbour of R, or another sender.
pub(super) const Q: Id = 3;

/// What a thread wants of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum What {
    /// To give it a message that is copied at once.
    Message,
    /// To give it a message that may take long, and may meet faults.
    Long,
    /// To delete it.
    Delete,
    /// To move it to a CPU.
    Move(Cpu),
}

impl What {
    pub(super) fn is_control(self) -> bool {
        matches!(self, Self::Delete | Self::Move(_))
    }
}

/// What a thread asks of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Ask {
    /// Who, and which of the threads that had this index.
    pub(super) from: Id,
    pub(super) from_version: u8,
    /// Whom, and which of the threads that had this index.
    pub(super) to: Id,
    pub(super) version: u8,
    pub(super) what: What,
    /// Waits in the send queue if it must.
    pub(super) patient: bool,
    /// The receive phase after it.
    pub(super) then: Option<Wait>,
    /// The receive phase is known to need no answer.
    pub(super) silent: bool,
}

/// Whom a receive phase accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Wait {
    Any,
    /// This thread alone, with this version.
    From(Id, u8),
}

impl Wait {
    pub(super) fn accepts(self, ask: Ask) -> bool {
        match self {
            Self::Any => true,
            Self::From(id, version) => (id, version) == (ask.from, ask.from_version),
        }
    }
}

/// A node on its way, or in a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Node {
    pub(super) kind: Kind,
    pub(super) ask: Ask,
    /// The number of the request it belongs to.
    pub(super) round: u32,
    /// Pushed last by the CPU in whose mailbox it is.
    pub(super) own_post: bool,
}

/// A sender in a send queue: one who lives there, or a node from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Queued {
    Neighbour(Ask),
    Outside(Node),
}

impl Queued {
    pub(super) fn ask(&self) -> Ask {
        match self {
            Self::Neighbour(ask) | Self::Outside(Node { ask, .. }) => *ask,
        }
    }
}

/// What a thread does, as its home knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Phase {
    /// In user mode, about to do its next operation.
    Ready,
    /// Ready; takes its whole operation up again.
    Again(Ask),
    /// Ready; takes its receive phase up again.
    Receive(Wait),
    /// In its send phase: in the queue of the partner, or on the way to it.
    Sending(Ask),
    /// Has a request out, which may have ended silently.
    Asking(Ask),
    /// Has a control request out.
    Controlling(Ask),
    Waiting(Wait),
    /// Ready; copies a message, or finds out that the transfer was broken off.
    Copying,
    /// In a transfer; the partner copies, or serves a fault.
    Locked,
    /// Ready; is to ask its pager for a page that its partner misses.
    Faulting,
    /// Ready; a call to its pager has ended.
    Served(Service),
    Over(End),
    /// Deleted, but its request is out.
    Dying,
    Dead,
}

/// How a call to a pager ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Service {
    /// By an answer, or because it was cancelled: the copy tries again.
    Ended,
    /// There is no such pager.
    Nobody,
}

/// How an operation of a thread ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum End {
    /// The send phase, or a receive phase that was cancelled.
    Reported(Outcome),
    /// Received a message, after its own was delivered if it had one.
    Received,
    /// The receive phase: the thread that it waited for exists no more.
    Orphaned,
    /// The receive phase: its time was over.
    TimedOut,
    /// The transfer was broken off.
    Broken,
}

/// A transfer, as one of the two threads has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Transfer {
    pub(super) ask: Ask,
    pub(super) partner: Id,
    pub(super) copies: bool,
    /// How many steps are left, where it copies.
    pub(super) left: u8,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Thread {
    pub(super) home: Home,
    pub(super) travel: Travel,
    /// Where it was told to live; nobody but the properties looks at it.
    pub(super) belongs: Cpu,
    pub(super) version: u8,
    pub(super) phase: Phase,
    pub(super) word: Word,
    /// The send queue at this thread, oldest first.
    pub(super) queue: Vec<Queued>,
    pub(super) transfer: Option<Transfer>,
    /// A transfer was broken off, of which the thread has not heard.
    pub(super) broken: bool,
    /// The kernel calls the pager for it, in the midst of a transfer.
    pub(super) inside: bool,
    /// Whom it is to reply to.
    pub(super) owes: Option<(Id, u8)>,
    /// How many operations it still begins, or messages it still receives.
    pub(super) left: u8,
    /// How often its last message was delivered, or its last control request executed.
    pub(super) delivered: u8,
}

impl Thread {
    pub(super) fn is_alive(&self) -> bool {
        !matches!(self.phase, Phase::Dying | Phase::Dead)
    }
}

/// The second half of a step; the CPU does nothing else in between.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Half {
    /// The demand said Recall: push the cancel node.
    Recall(Cpu, Node),
    /// The message is copied: end the request.
    Conclude(Node),
    /// The partner is busy: enqueue.
    Enqueue(Node),
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub(super) struct Processor {
    pub(super) mailbox: Vec<Node>,
    pub(super) half: Option<Half>,
    /// A thread has ended: those who wait for it alone are to hear.
    pub(super) orphans: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct State {
    pub(super) threads: [Thread; 4],
    pub(super) cpus: [Processor; 3],
    /// Which of the configured events may still come; one bit each.
    pub(super) left: u32,
    /// The rule that was broken, if one was.
    pub(super) broken: Option<&'static str>,
}

impl State {
    /// Whether the thread that `ask` is about exists for whoever looks for it; a control request names it by number alone.
    pub(super) fn exists(&self, id: Id, version: u8) -> bool {
        let thread = &self.threads[id];
        thread.version == version && thread.phase != Phase::Dead
    }

    /// Whether `id` lives somewhere whose CPU could now do something to it.
    pub(super) fn is_at_rest(&self, id: Id) -> bool {
        let home = self.threads[id].home;
        home.leaving_for.is_none() && self.cpus[home.cpu.index()].half.is_none()
    }

    /// Whether `id` is in the send queue of `at`.
    pub(super) fn is_queued_at(&self, id: Id, at: Id) -> bool {
        self.threads[at]
            .queue
            .iter()
            .any(|queued| queued.ask().from == id)
    }
}
