//! The kernel speaks for a thread: a fault becomes a call to the thread's pager or exception handler. On the thread's
//! own stack, interrupts off; blocks.
//!
//! * `call`       the message registers are the kernel's for a while
//! * `page`       page faults
//! * `exception`  all other exceptions

mod call;
pub(crate) mod exception;
pub(crate) mod page;
