//! Where, how urgently and how long threads run (the Schedule and ThreadSwitch system calls).
//!
//! Allowed for threads of a privileged space and for a thread's scheduler. Priorities go from 0 to
//! 255 and are strict: as long as a thread of a higher priority is ready on a CPU, no lower one runs.

use pecan_abi::error::SysError;
use pecan_abi::id::ThreadId;
use pecan_abi::schedule::{self as word, ThreadState, TimeControl, UNCHANGED};
use pecan_abi::time::Time;

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

/// Sets the time slice, after which the next thread of the same priority has its turn; tells the
/// state before. [`Time::NEVER`] for no limit.
///
/// # Errors
/// As [`state`], or `slice` is a point in time.
pub fn set_slice(thread: ThreadId, slice: Time) -> Result<ThreadState, SysError> {
    let time = TimeControl {
        slice,
        quantum: Time::NEVER,
    };
    change(thread, time.raw(), UNCHANGED, UNCHANGED)
}

/// Lets the other ready threads of this priority and CPU run first.
#[inline]
pub fn yield_now() {
    syscall::thread_switch(ThreadId::NIL.raw());
}

/// Gives the rest of the time slice to `thread`, if it is ready on this CPU; else as [`yield_now`].
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
    match ThreadState::from_raw(state) {
        Some(ThreadState::Error) | None => Err(thread::last_error()),
        Some(state) => Ok(state),
    }
}
