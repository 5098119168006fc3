//! What the machine of the model is at a moment.

use pecan_smp::cpuset::Cpu;
use pecan_smp::protocol::{Home, Kind, Outcome};
use pecan_smp::request::Word;

/// The index of a thread: [`S`], [`R`], [`NEAR_S`], [`NEAR_R`].
pub(super) type Id = usize;

/// The sender or caller, on CPU 0.
pub(super) const S: Id = 0;
/// The receiver, on CPU 1 at first.
pub(super) const R: Id = 1;
/// A thread on CPU 0 that sends to S.
pub(super) const NEAR_S: Id = 2;
/// A thread on CPU 1 that sends to R.
pub(super) const NEAR_R: Id = 3;

/// What a thread asks of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Ask {
    pub(super) from: Id,
    /// Whom, and which of the threads that had this index.
    pub(super) to: Id,
    pub(super) version: u8,
    /// Waits in the send queue if it must.
    pub(super) patient: bool,
    /// The receive phase after it, which never times out.
    pub(super) then: Option<Wait>,
    /// The receive phase is known to need no answer.
    pub(super) silent: bool,
    /// Deletes the partner instead of sending to it.
    pub(super) deletes: bool,
}

/// Whom a receive phase accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Wait {
    Any,
    From(Id),
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

/// A sender in a send queue: a neighbour, or a node from outside.
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
    /// About to do its next step.
    Ready,
    /// Sits in the queue of a neighbour.
    Queued(Id),
    /// Has a request out, which may have ended silently.
    Asking(Ask),
    Waiting(Wait),
    Over(End),
    /// Deleted, but its request is out.
    Dying,
    Dead,
}

/// How the story of a thread ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum End {
    Reported(Outcome),
    /// Received a message after its own was delivered.
    Received,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Thread {
    pub(super) home: Home,
    pub(super) version: u8,
    pub(super) phase: Phase,
    pub(super) word: Word,
    /// The send queue at this thread, oldest first.
    pub(super) queue: Vec<Queued>,
    /// Whom it is to reply to.
    pub(super) owes: Option<(Id, u8)>,
    pub(super) move_at_end: Option<Cpu>,
    /// How often it still asks; R's story is a loop instead.
    pub(super) asks: u8,
    /// How often its last message was delivered.
    pub(super) delivered: u8,
    /// How many messages it still receives; R alone.
    pub(super) appetite: u8,
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
}

/// What the surroundings may still do, once each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub(super) struct Events {
    pub(super) timeout: bool,
    pub(super) abort: bool,
    pub(super) kill_s: bool,
    pub(super) kill_r: bool,
    pub(super) revive_r: bool,
    /// How many of the configured moves of R are done.
    pub(super) moves: usize,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct State {
    pub(super) threads: [Thread; 4],
    pub(super) cpus: [Processor; 3],
    pub(super) left: Events,
    /// The rule that was broken, if one was.
    pub(super) broken: Option<&'static str>,
}
