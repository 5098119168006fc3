//! What the threads of a configuration do, and what may happen to them.

use super::state::{Id, What};
use pecan_smp::cpuset::Cpu;

/// What a thread is there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// It takes no part.
    Absent,
    /// It begins the same operation so many times.
    Asks(Job, u8),
    /// It receives so many messages, from anybody, and replies to callers.
    Serves(u8),
}

/// The operation that a thread begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Job {
    pub(super) to: Id,
    pub(super) what: What,
    pub(super) then: Then,
    /// Whether it waits in the partner's queue if it must.
    pub(super) patient: bool,
}

/// The receive phase of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Then {
    Nothing,
    /// It accepts everybody.
    Any,
    /// It accepts the partner alone.
    Partner,
}

/// A thread of a configuration: where it lives at first, and what it does.
pub(super) type Part = (Cpu, Role);

/// No such thread.
pub(super) const ABSENT: Part = (Cpu(0), Role::Absent);

/// A thread on `cpu` that does `what` to `to`, so many times.
pub(super) const fn asks(cpu: u16, to: Id, what: What, then: Then, times: u8) -> Part {
    let job = Job {
        to,
        what,
        then,
        patient: true,
    };
    (Cpu(cpu), Role::Asks(job, times))
}

/// A thread on `cpu` that sends to `to` once.
pub(super) const fn sends(cpu: u16, to: Id) -> Part {
    asks(cpu, to, What::Message, Then::Nothing, 1)
}

/// A thread on `cpu` that takes so many messages.
pub(super) const fn serves(cpu: u16, messages: u8) -> Part {
    (Cpu(cpu), Role::Serves(messages))
}

/// What may happen to a thread once, at any moment; or never.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// Its time is over: of its send phase, of its receive phase if that has one, or of its transfer.
    Timeout(Id),
    /// Somebody cancels what it does.
    Abort(Id),
    /// It is deleted.
    Kill(Id),
    /// A new thread gets the number of the dead one, on this CPU.
    Make(Id, Cpu),
    /// It is moved; moves of a thread come in their order.
    Move(Id, Cpu),
    /// It copies, and misses a page of its own.
    Fault(Id),
    /// It copies, and its partner misses a page.
    PartnersFault(Id),
}

impl Event {
    /// Whom it happens to.
    pub(super) fn whom(self) -> Id {
        match self {
            Self::Timeout(id)
            | Self::Abort(id)
            | Self::Kill(id)
            | Self::Make(id, _)
            | Self::Move(id, _)
            | Self::Fault(id)
            | Self::PartnersFault(id) => id,
        }
    }
}

/// One configuration of the model.
#[derive(Clone, Copy, Debug)]
pub(super) struct Setup {
    pub(super) threads: [Part; 4],
    /// Whether receive phases never time out, so that their requests may end silently.
    pub(super) silent: bool,
    /// Who serves the faults of all others.
    pub(super) pager: Id,
    pub(super) events: &'static [Event],
}

/// In how many steps a long message goes over.
pub(super) const STEPS: u8 = 2;
