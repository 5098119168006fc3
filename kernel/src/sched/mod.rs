//! Who runs next on this CPU?
//!
//! IPC only flips states; the lists are put right when the dispatcher meets a thread. Invariant: every ready thread
//! is listed, except the running one and one that a switch goes to at once.
//!
//! * `dispatch`  the dispatcher: drain the mailbox, pick, or idle
//! * `ready`     becoming ready, being preempted, giving way
//! * `tick`      time: slices and wakeups
//! * `check`     the debug kernel's invariants

mod check;
mod dispatch;
mod ready;
mod tick;

use crate::thread::TcbRef;
use pecan_rules::ready::ReadyLists;
use pecan_rules::wakeup::WakeupQueue;

pub(crate) use check::check;
pub(crate) use dispatch::dispatch;
pub(crate) use ready::{
    give_way, keep_slice, preempt, preempt_if_asked, run_at_once, unlist, wake,
};
pub(crate) use tick::{arm, disarm, set_period, start_timer, tick};

/// The ready lists of a CPU.
pub(crate) type Ready = ReadyLists<TcbRef>;
/// The wakeup queue of a CPU.
pub(crate) type Wakeups = WakeupQueue<TcbRef>;
