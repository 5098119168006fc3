//! Interrupt lines and the threads that stand for them (L4 X.2, interrupts).
//!
//! The thread of line n has number n and version 1. It has a block in the array of threads, so that send queues, closed
//! receives, requests between CPUs, moving and deleting are those of any thread, but it never runs: where another thread
//! would run, `thread` decides what it does next. Its resources are never zero, so short IPC leaves it alone.
//!
//! ```text
//!          interrupt                      handler receives
//!  idle ---------------> message to send ------------------> served
//!  ^  line open                                                |
//!  +-----------------------------------------------------------+  message from the handler, or reply
//! ```
//! A line that interrupts as long as it is active is masked from the interrupt until the handler answers. One that
//! interrupts when it becomes active stays open once: what comes meanwhile is noted, and delivered after the answer.
//!
//! * `line`        what is known of a line
//! * `association` who handles it
//! * `delivery`    an interrupt comes
//! * `short`       and its handler waits here
//! * `pass`        to the CPU where its thread is
//! * `thread`      the next step of an interrupt's thread

mod association;
mod delivery;
mod line;
mod pass;
mod short;
mod thread;

pub(crate) use association::{associate, count, handler, is_available, silence};
pub(crate) use delivery::interrupt;
pub(crate) use pass::{Passed, passed};
pub(crate) use short::interrupt_of_user;
pub(crate) use thread::{arrived, is_idle, proceed};
