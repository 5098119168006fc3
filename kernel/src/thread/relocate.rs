//! A thread moves to another space. On its home CPU, interrupts off, under the thread-control lock.
//!
//! It keeps its id, registers, priority and time slice, and the contents of its UTCB, which lies elsewhere from then on: so it
//! has another local id, and no longer the old one. What is queued at it stays queued.

use pecan_abi::error::SysError;

use super::{Owned, State, migrate};
use crate::arch::x86_64::switch;
use crate::cpu::Cpu;
use crate::ipc::cancel;
use crate::space::Space;

/// What became of a move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub(crate) enum Relocation {
    /// The thread lives in its new space.
    Done,
    /// Another CPU has something of the thread; that ends soon, then the caller may ask again.
    Later,
}

/// Moves the active `thread` into `space`, with its UTCB at `location`. The IPC that it is engaged in is cancelled before; only
/// one that waits for its start message goes on waiting.
///
/// Errors: `UtcbArea`, `NoMemory`; then nothing has changed.
pub(crate) fn active(
    cpu: &Cpu,
    thread: Owned,
    space: &'static Space,
    location: u64,
) -> Result<Relocation, SysError> {
    let (utcb, local_id) = space.utcb(location)?;
    if !disengage(cpu, thread) {
        return Ok(Relocation::Later);
    }
    utcb.copy_all(thread.utcb.get());
    thread.set_utcb(utcb);
    thread.local_id.set(local_id);
    inactive(cpu, thread, space);
    Ok(Relocation::Done)
}

/// Moves `thread` into `space`; its UTCB, if it has one, must have moved already.
pub(crate) fn inactive(cpu: &Cpu, thread: Owned, space: &'static Space) {
    debug_assert_eq!(thread.home(), cpu.index, "another CPU's thread");
    let old = thread.space();
    space.add_thread();
    migrate::unload_moving(cpu, thread);
    thread.set_space(Some(space));
    if let Some(old) = old {
        Space::remove_thread(cpu, old);
    }
}

/// Ends what `thread` is engaged in. False: its request is still out, or it has left; a visitor does that at once, and may be
/// at home already.
fn disengage(cpu: &Cpu, thread: Owned) -> bool {
    let fresh = thread.state() == State::Waiting && switch::is_before_start(thread);
    if !fresh {
        cancel::abort(cpu, thread, true, true);
    }
    let is_out = |thread: Owned| matches!(thread.state(), State::Asking | State::Controlling);
    thread
        .name()
        .owned(cpu)
        .is_some_and(|thread| !is_out(thread))
}
