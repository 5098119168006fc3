//! What a thread sends to other CPUs, and what it takes up afterwards.

use core::cell::Cell;
use core::sync::atomic::AtomicUsize;

use pecan_smp::protocol::Kind;

/// A node for mailboxes: two in each TCB.
pub(crate) struct Node {
    /// The mailbox's link.
    pub(crate) link: AtomicUsize,
    /// What it means; written before the push.
    pub(crate) kind: Cell<Kind>,
}

impl Node {
    /// A node at home that would mean `kind`.
    pub(super) const fn new(kind: Kind) -> Self {
        Self {
            link: AtomicUsize::new(0),
            kind: Cell::new(kind),
        }
    }
}

/// What a blocked thread has to take up when it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Again {
    /// Nothing: its IPC has ended.
    Nothing,
    /// The receive phase.
    Receive,
    /// The whole IPC: it was taken out of a queue.
    Restart,
    /// The message of the thread that is locked with it.
    Take,
    /// The wait that a virtual sender was to continue elsewhere: the message has failed.
    GiveBack,
}
