//! What a thread knows of a message with strings that it is in the middle of.

use core::cell::Cell;

use pecan_abi::error::IpcCode;

use super::TcbRef;

/// Which part of a transfer a thread has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// It is in none.
    None,
    /// It sends, and copies.
    Pushes,
    /// It receives, and copies.
    Pulls,
    /// It sends to one who copies.
    Gives,
    /// It receives from one who copies.
    Takes,
}

impl Part {
    /// Whether the thread is the sender.
    pub(crate) fn sends(self) -> bool {
        matches!(self, Self::Pushes | Self::Gives)
    }

    /// Whether the thread is the one who copies.
    pub(crate) fn copies(self) -> bool {
        matches!(self, Self::Pushes | Self::Pulls)
    }
}

/// A transfer, as one of its two threads has it. Home CPU.
pub(crate) struct Transfer {
    /// This thread's part.
    pub(crate) part: Cell<Part>,
    /// The other thread, whose part is the opposite; it lives here, too.
    pub(crate) partner: Cell<Option<TcbRef>>,
    /// Of who copies: where in the partner's space the window is open.
    pub(crate) base: Cell<u64>,
    /// Of who copies: bytes of strings that went over before the present stretch.
    pub(crate) before: Cell<u64>,
    /// Bytes of strings that went over; exact whenever the copying thread does not run.
    pub(crate) copied: Cell<u64>,
    /// When it has to be over; [`u64::MAX`] is never. Only a transfer that has met a fault has such a time.
    pub(crate) deadline: Cell<u64>,
    /// The first fault was met, and so `deadline` is known.
    pub(crate) has_faulted: Cell<bool>,
    /// The deadline is the receiver's, not the sender's.
    pub(crate) receivers_deadline: Cell<bool>,
    /// It was ended from outside for this reason, of which the thread will hear when it runs.
    pub(crate) broken: Cell<Option<IpcCode>>,
    /// The fault that the thread serves for its partner: an address in its own space.
    pub(crate) fault: Cell<u64>,
}

impl Transfer {
    /// None.
    pub(super) const fn none() -> Self {
        Self {
            part: Cell::new(Part::None),
            partner: Cell::new(None),
            base: Cell::new(0),
            before: Cell::new(0),
            copied: Cell::new(0),
            deadline: Cell::new(u64::MAX),
            has_faulted: Cell::new(false),
            receivers_deadline: Cell::new(false),
            broken: Cell::new(None),
            fault: Cell::new(0),
        }
    }
}
