//! The kernel speaks for a thread, or for a device: a fault becomes a call to the thread's pager or exception handler. On the thread's
//! own stack, interrupts off; blocks.
//!
//! * `call`       a message aside from the registers of the user
//! * `page`       page faults
//! * `port`       I/O ports
//! * `exception`  all other exceptions
//! * `preemption` a thread lost the CPU, or its total quantum is used up
//! * `interrupt`  interrupts of devices; nobody's stack, blocks nobody

mod call;
pub(crate) mod exception;
pub(crate) mod interrupt;
pub(crate) mod page;
pub(crate) mod port;
pub(crate) mod preemption;

pub(super) use call::outcome;
pub(crate) use call::{Outcome, go_on};
