//! What a thread knows of a message with strings that it is in the middle of.

use core::cell::Cell;

use pecan_abi::error::IpcCode;

use super::TcbRef;

/// Which part of a transfer a thread has. Bit 0 it copies, bit 1 it sends, bit 2 it is in one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(transparent)]
pub(crate) struct Part(u8);

impl Part {
    /// It is in none.
    pub(crate) const NONE: Self = Self(0);
    /// It sends, and copies; the other takes.
    pub(crate) const PUSHES: Self = Self(0b111);
    /// It receives, and copies; the other gives.
    pub(crate) const PULLS: Self = Self(0b101);

    /// Whether the thread is the sender.
    pub(crate) const fn sends(self) -> bool {
        self.0 & 0b10 != 0
    }

    /// Whether the thread is the one who copies.
    pub(crate) const fn copies(self) -> bool {
        self.0 & 0b01 != 0
    }

    /// The part of the other.
    pub(crate) const fn others(self) -> Self {
        Self(self.0 ^ 0b11)
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
    /// The part that the thread had in the last one that was ended from outside.
    pub(crate) broken_part: Cell<Part>,
    /// The fault that the thread serves for its partner: an address in its own space.
    pub(crate) fault: Cell<u64>,
}

impl Transfer {
    /// None.
    pub(super) const fn none() -> Self {
        Self {
            part: Cell::new(Part::NONE),
            partner: Cell::new(None),
            base: Cell::new(0),
            before: Cell::new(0),
            copied: Cell::new(0),
            deadline: Cell::new(u64::MAX),
            has_faulted: Cell::new(false),
            receivers_deadline: Cell::new(false),
            broken: Cell::new(None),
            broken_part: Cell::new(Part::NONE),
            fault: Cell::new(0),
        }
    }
}
