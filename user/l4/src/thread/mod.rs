//! Threads: who they are, making, starting, stopping and deleting them.
//!
//! A thread runs a Rust function on a static [`Stack`]:
//! ```no_run
//! use l4::{Stack, thread};
//! static STACK: Stack<8192> = Stack::new();
//! fn worker(number: u64) {
//!     l4::println!("worker {number} on CPU {}", l4::utcb::my().processor());
//! }
//! # fn f() -> Result<(), thread::StartError> {
//! thread::Builder::new().cpu(1).priority(50).start(worker, 7, &STACK)?;
//! # Ok(()) }
//! ```

mod builder;
mod entry;
mod stack;

use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

use pecan_abi::error::SysError;
use pecan_abi::exregs;
use pecan_abi::id::ThreadId;
use pecan_abi::layout;

pub use builder::{Builder, StartError};
pub use entry::Function;
pub use stack::Stack;

use crate::syscall::Registers;
use crate::{kip, syscall, utcb};

/// The calling thread's global id.
#[inline]
#[must_use]
pub fn myself() -> ThreadId {
    utcb::my().global_id()
}

/// A global id that no thread of this program had yet: version 1, numbers from the first that is free
/// for the root task on. The kernel refuses numbers beyond its limit when such a thread is created.
#[must_use]
pub fn fresh_id() -> ThreadId {
    static NEXT: AtomicU32 = AtomicU32::new(layout::FIRST_FREE);
    let number = kip::thread_info().user_base + NEXT.fetch_add(1, Relaxed);
    ThreadId::global(number, 1)
}

/// Why the calling thread's last system call other than Ipc failed.
#[must_use]
pub fn last_error() -> SysError {
    SysError::from_raw(utcb::my().error_code()).unwrap_or(SysError::InvalidParameter)
}

/// Creates the inactive thread `id` in the space of thread `space` (`id` itself: a new, empty space)
/// with the caller as scheduler. It has no UTCB and does not run until [`activate`]d.
///
/// # Errors
/// No privilege, an id that is not free for use, an unknown space, no memory.
pub fn create_inactive(id: ThreadId, space: ThreadId) -> Result<(), SysError> {
    // SAFETY: an inactive thread runs no code and has no UTCB.
    let result = unsafe {
        let me = myself().raw();
        syscall::thread_control(id.raw(), space.raw(), me, 0, layout::NOT_GIVEN)
    };
    check(result)
}

/// Gives the inactive thread `id` in the space of `space` a UTCB and a pager: from then on it waits
/// for its pager's start message (instruction pointer and stack pointer).
///
/// # Errors
/// No privilege, no such thread, a UTCB outside the space's area or not a multiple of 1024, no memory.
///
/// Two threads with one UTCB would overwrite each other's messages; the kernel does not notice.
pub fn activate(id: ThreadId, space: ThreadId, pager: ThreadId, utcb: u64) -> Result<(), SysError> {
    // SAFETY: UTCB areas hold nothing of Rust's, and the thread does not run before it is started.
    check(unsafe { syscall::thread_control(id.raw(), space.raw(), 0, pager.raw(), utcb) })
}

/// Deletes a thread. Its stack can then be [released](Stack::release).
///
/// # Errors
/// No privilege, or the thread is the caller.
pub fn delete(id: ThreadId) -> Result<(), SysError> {
    // SAFETY: what the thread owned is leaked, not reused: stacks are static and stay taken.
    check(unsafe { syscall::thread_control(id.raw(), 0, 0, 0, layout::NOT_GIVEN) })
}

/// Aborts what `thread` (of this space, or with its pager in this space) is doing in Ipc: it gets the
/// error "cancelled" or "aborted".
///
/// # Errors
/// No such thread, or not allowed.
pub fn abort_ipc(thread: ThreadId) -> Result<(), SysError> {
    let control = exregs::SEND | exregs::RECEIVE;
    // SAFETY: neither instruction nor stack pointer change.
    unsafe {
        exchange(
            thread,
            Registers {
                control,
                ..Registers::default()
            },
        )
    }
    .map(|_| ())
}

/// Stops `thread` where it is.
///
/// # Errors
/// As [`abort_ipc`].
pub fn halt(thread: ThreadId) -> Result<(), SysError> {
    let control = exregs::HALT_VALID | exregs::HALT;
    // SAFETY: as above.
    unsafe {
        exchange(
            thread,
            Registers {
                control,
                ..Registers::default()
            },
        )
    }
    .map(|_| ())
}

/// Lets a halted `thread` run on.
///
/// # Errors
/// As [`abort_ipc`].
pub fn resume(thread: ThreadId) -> Result<(), SysError> {
    let control = exregs::HALT_VALID;
    // SAFETY: as above.
    unsafe {
        exchange(
            thread,
            Registers {
                control,
                ..Registers::default()
            },
        )
    }
    .map(|_| ())
}

/// The registers that ExchangeRegisters tells about `thread`, unchanged.
///
/// # Errors
/// As [`abort_ipc`].
pub fn registers(thread: ThreadId) -> Result<Registers, SysError> {
    let control = exregs::DELIVER;
    // SAFETY: nothing changes.
    unsafe {
        exchange(
            thread,
            Registers {
                control,
                ..Registers::default()
            },
        )
    }
}

/// The other name of a thread of this space: local for global, global for local.
///
/// # Errors
/// As [`abort_ipc`].
pub fn other_id(thread: ThreadId) -> Result<ThreadId, SysError> {
    // SAFETY: nothing changes.
    let (id, _) = unsafe { syscall::exchange_registers(thread.raw(), Registers::default()) };
    if id == 0 {
        Err(last_error())
    } else {
        Ok(ThreadId::from_raw(id))
    }
}

/// ExchangeRegisters with the verdict as a `Result`.
///
/// # Safety
/// As [`syscall::exchange_registers`].
pub unsafe fn exchange(thread: ThreadId, new: Registers) -> Result<Registers, SysError> {
    // SAFETY: the caller's promise is the same.
    let (id, old) = unsafe { syscall::exchange_registers(thread.raw(), new) };
    if id == 0 { Err(last_error()) } else { Ok(old) }
}

fn check(result: u64) -> Result<(), SysError> {
    if result == 1 {
        Ok(())
    } else {
        Err(last_error())
    }
}
