//! Who runs next on this CPU?
//!
//! IPC only flips states; the lists are put right when the dispatcher meets a thread. Invariant: every ready thread
//! is listed, except the running one and one that a switch goes to at once.
//!
//! * `dispatch`  the dispatcher: drain the mailbox, pick, or idle
//! * `next`      the same where there is nothing to do but to pick
//! * `preempt`   may the running thread go on?
//! * `ready`     becoming ready, being preempted, giving way
//! * `tick`      time: slices, quanta, delays, wakeups
//! * `check`     the debug kernel's invariants

mod check;
mod dispatch;
#[cfg(feature = "without-lazy-lists")]
pub(crate) mod eager;
mod next;
mod preempt;
mod ready;
mod tick;

use crate::thread::TcbRef;
use pecan_rules::ready::ReadyLists;
use pecan_rules::wakeup::WakeupQueue;

pub(crate) use check::check;
pub(crate) use dispatch::dispatch;
pub(crate) use next::{after_block, instead};
pub(crate) use preempt::{goes_on, leave_call, leave_interrupt, let_others_in, preempt_if_asked};
pub(crate) use ready::{
    donate, give_way, keep_slice, may_run, next_in_line, preempt, run_at_once, step_aside, unlist,
    wake,
};
pub(crate) use tick::{arm, disarm, set_period, start_timer, tick};

/// The ready lists of a CPU.
pub(crate) type Ready = ReadyLists<TcbRef>;
/// The wakeup queue of a CPU.
pub(crate) type Wakeups = WakeupQueue<TcbRef>;
