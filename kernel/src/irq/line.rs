//! What is known of an interrupt line beside its thread. Words, so that every CPU may look; the home of the line's
//! thread changes them, but for those that say otherwise.

use core::sync::atomic::{AtomicBool, AtomicU16, AtomicU64};

use pecan_abi::id::ThreadId;

use crate::arch::x86_64::io_apic;
use crate::thread::Owned;

/// A line.
pub(super) struct Line {
    /// Raw id of the handler; 0 is none. Changed under the thread-control lock, or by who deletes the thread.
    pub(super) handler: AtomicU64,
    /// An interrupt came that the handler has not answered.
    pub(super) served: AtomicBool,
    /// Another one came meanwhile, or while the thread was on its way to this CPU.
    pub(super) pending: AtomicBool,
    /// The CPU on which the handler was last seen.
    pub(super) handler_cpu: AtomicU16,
}

static LINES: [Line; io_apic::LIMIT] = [const { Line::new() }; io_apic::LIMIT];

impl Line {
    const fn new() -> Self {
        Self {
            handler: AtomicU64::new(0),
            served: AtomicBool::new(false),
            pending: AtomicBool::new(false),
            handler_cpu: AtomicU16::new(0),
        }
    }

    /// The line with this number; `None` if the kernel cannot use it.
    pub(super) fn numbered(number: u32) -> Option<&'static Self> {
        LINES.get(number as usize)
    }

    /// The line of an interrupt's thread, and its number.
    pub(super) fn of(irq: Owned) -> (&'static Self, u32) {
        let number = ThreadId::from_raw(irq.id()).number();
        match Self::numbered(number) {
            Some(line) => (line, number),
            None => panic!("thread {:x} is no interrupt's", irq.id()),
        }
    }
}

/// The thread of line `number`.
pub(super) const fn thread_id(number: u32) -> ThreadId {
    ThreadId::global(number, 1)
}
