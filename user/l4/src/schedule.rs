//! Where, how urgently and how long threads run (the Schedule and ThreadSwitch system calls).
//!
//! Allowed for threads of a privileged space and for a thread's scheduler. Priorities go from 0 to
//! 255 and are strict: as long as a thread of a higher priority is ready on a CPU, no lower one runs,
//! unless it was [given](switch_to) the time or [delays](delayed) its preemption.
//!
//! A scheduler of its own making is a thread that answers preemption faults:
//! ```no_run
//! use l4::{Message, ThreadId, Time, schedule, server};
//! use schedule::Quantum::Limited;
//! # fn f() {
//! server::serve(|request| {
//!     schedule::preemption(request)?;
//!     // Another 50 ms for who has used up its quantum.
//!     schedule::set_time(request.from, Time::period(10_000), Limited(Time::period(50_000))).ok()?;
//!     Some(Message::new(0))
//! })
//! # }
//! ```

use pecan_abi::error::SysError;
use pecan_abi::id::ThreadId;
use pecan_abi::layout::NOT_GIVEN;
pub use pecan_abi::protocol::PreemptionFault;
use pecan_abi::schedule::{self as word, PreemptionControl, ThreadState, TimeControl, UNCHANGED};
use pecan_abi::time::Time;

use crate::ipc::Received;
use crate::utcb::{self, PreemptFlags};
use crate::{syscall, thread};

/// Changes nothing and tells the thread's state.
///
/// # Errors
/// No such thread, or not allowed.
pub fn state(thread: ThreadId) -> Result<ThreadState, SysError> {
    change(thread, UNCHANGED, UNCHANGED, UNCHANGED)
}

/// Moves the thread to `cpu` (0 to [`kip::cpus`](crate::kip::cpus) - 1); tells its state before.
///
/// # Errors
/// As [`state`], or no such CPU.
pub fn set_cpu(thread: ThreadId, cpu: usize) -> Result<ThreadState, SysError> {
    let Ok(cpu) = u16::try_from(cpu) else {
        return Err(SysError::InvalidParameter);
    };
    change(thread, UNCHANGED, word::processor_control(cpu), UNCHANGED)
}

/// Sets the priority; tells the state before.
///
/// # Errors
/// As [`state`], or an unprivileged caller asks for more than its own priority.
pub fn set_priority(thread: ThreadId, priority: u8) -> Result<ThreadState, SysError> {
    change(
        thread,
        UNCHANGED,
        UNCHANGED,
        word::priority_control(priority),
    )
}

/// How long a thread may run in all, before somebody has to give it more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantum {
    /// For ever.
    Unlimited,
    /// This long (a period, rounded as [`Time::period`] does; not zero), then it stops until the next
    /// [`set_time`], and its scheduler gets a [preemption fault](preemption).
    Limited(Time),
}

impl Quantum {
    /// The time in the control word.
    const fn time(self) -> Time {
        match self {
            Self::Unlimited => Time::NEVER,
            Self::Limited(time) => time,
        }
    }
}

/// Sets the time slice, after which the next thread of the same priority has its turn
/// ([`Time::NEVER`] for no limit), and the total quantum; tells the state before. The current slice
/// and the quantum begin anew. A thread that stopped because its quantum was used up goes on, once
/// its preemption fault is answered.
///
/// Time is spent in ticks of the kernel, 1 ms unless it was booted otherwise: what a tick finds
/// running spends all of it.
///
/// # Errors
/// As [`state`], or one of the two is a point in time or zero.
pub fn set_time(thread: ThreadId, slice: Time, quantum: Quantum) -> Result<ThreadState, SysError> {
    let quantum = quantum.time();
    change(
        thread,
        TimeControl { slice, quantum }.raw(),
        UNCHANGED,
        UNCHANGED,
    )
}

/// As [`set_time`] with an unlimited quantum.
///
/// # Errors
/// As [`set_time`].
pub fn set_slice(thread: ThreadId, slice: Time) -> Result<ThreadState, SysError> {
    set_time(thread, slice, Quantum::Unlimited)
}

/// What a thread has left, in microseconds; 0 also stands for no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeLeft {
    /// Of its slice.
    pub slice: u64,
    /// Of its total quantum: the low 16 bits, for the interface has no more.
    pub quantum: u16,
}

/// What `thread` has left of its slice and quantum.
///
/// # Errors
/// As [`state`].
pub fn time_left(thread: ThreadId) -> Result<TimeLeft, SysError> {
    let (state, old) = syscall::schedule(thread.raw(), UNCHANGED, UNCHANGED, UNCHANGED, UNCHANGED);
    verdict(state).map(|_| TimeLeft {
        slice: old >> 16,
        quantum: old as u16,
    })
}

/// Lets the thread [hold off](delayed) others for `max_delay` microseconds, those up to priority
/// `sensitive`; tells the state before. A sensitive priority below the thread's own leaves the one
/// that it has; at first that is its own. The allowance begins anew.
///
/// # Errors
/// As [`state`], or an unprivileged caller gives more than its own priority.
pub fn set_preemption(
    thread: ThreadId,
    max_delay: u16,
    sensitive: u8,
) -> Result<ThreadState, SysError> {
    let control = PreemptionControl {
        max_delay,
        sensitive_priority: sensitive,
    };
    let (state, _) =
        syscall::schedule(thread.raw(), UNCHANGED, UNCHANGED, UNCHANGED, control.raw());
    verdict(state)
}

/// Makes `scheduler` the one who may change how `thread` is scheduled, and gets its preemption faults.
///
/// # Errors
/// No privilege, no such thread.
pub fn set_scheduler(thread: ThreadId, scheduler: ThreadId) -> Result<(), SysError> {
    let (id, scheduler) = (thread.raw(), scheduler.raw());
    // SAFETY: nothing but the scheduler changes.
    let result = unsafe { syscall::thread_control(id, id, scheduler, 0, NOT_GIVEN) };
    if result == 1 {
        Ok(())
    } else {
        Err(thread::last_error())
    }
}

/// Runs `work`, a few instructions that should not be interrupted, with the preemption of the calling
/// thread delayed; gives way afterwards if somebody waits. How long and whom that holds off is for
/// [`set_preemption`] to say: with the default, nobody. It must not block, and does not nest.
///
/// It is a help against being preempted at the wrong moment, no lock: when the allowance is used up
/// the others run.
pub fn delayed<R>(work: impl FnOnce() -> R) -> R {
    let utcb = utcb::my();
    utcb.set_preempt_bits(PreemptFlags::DELAY);
    let result = work();
    utcb.clear_preempt_bits(PreemptFlags::DELAY);
    if take_pending() {
        yield_now();
    }
    result
}

/// Whether a preemption of the calling thread has been delayed since it last asked, and perhaps still
/// is; then it should [give way](yield_now) soon. The flag is cleared.
pub fn take_pending() -> bool {
    utcb::my()
        .clear_preempt_bits(PreemptFlags::PENDING)
        .contains(PreemptFlags::PENDING)
}

/// From now on, or no longer, the calling thread's scheduler gets a [preemption fault](preemption)
/// each time the thread is preempted in user mode: at the end of its slice, or because a thread of
/// higher priority can run. The thread goes on when that is answered.
pub fn signal_preemption(on: bool) {
    let utcb = utcb::my();
    if on {
        utcb.set_preempt_bits(PreemptFlags::SIGNAL);
    } else {
        utcb.clear_preempt_bits(PreemptFlags::SIGNAL);
    }
}

/// The preemption fault that this message is, if it is one: `received.from` was preempted, or has used
/// up its total quantum. It waits for an answer, any message, as for that of a pager.
#[must_use]
pub fn preemption(received: &Received) -> Option<PreemptionFault> {
    let message = &received.message;
    PreemptionFault::from_words([message.tag().raw(), message.word_at(0), message.word_at(1)])
}

/// Lets the other ready threads of this priority and CPU run first.
#[inline]
pub fn yield_now() {
    syscall::thread_switch(ThreadId::NIL.raw());
}

/// Gives the rest of the time slice to `thread`, if it is ready on this CPU, whatever its priority; else as
/// [`yield_now`]. It runs at once, until the rest is used up, it blocks, or a thread is ready that outranks
/// both; then the one runs whose turn it is. The caller is behind the others of its priority.
#[inline]
pub fn switch_to(thread: ThreadId) {
    syscall::thread_switch(thread.raw());
}

fn change(
    thread: ThreadId,
    time: u64,
    processor: u64,
    priority: u64,
) -> Result<ThreadState, SysError> {
    let (state, _) = syscall::schedule(thread.raw(), time, processor, priority, UNCHANGED);
    verdict(state)
}

fn verdict(state: u64) -> Result<ThreadState, SysError> {
    match ThreadState::from_raw(state) {
        Some(ThreadState::Error) | None => Err(thread::last_error()),
        Some(state) => Ok(state),
    }
}
