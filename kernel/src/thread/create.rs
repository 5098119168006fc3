//! A thread comes into being, inactive. On the creator's CPU, interrupts off, under the thread-control lock.

use pecan_abi::error::SysError;
use pecan_abi::id::ThreadId;

use super::tcb::Tcb;
use super::{Owned, Resources, State, TcbRef, table};
use crate::arch::x86_64::entry::patch;
use crate::cpu::Cpu;
use crate::space::Space;

/// Makes an inactive thread on this CPU. `space` gets one thread more.
///
/// The number must have no thread, not even one that is dying.
/// Errors: `NoMemory`; then nothing has changed.
pub(crate) fn create(
    cpu: &Cpu,
    id: ThreadId,
    space: &'static Space,
    scheduler: ThreadId,
) -> Result<Owned, SysError> {
    let block = table::provide(id.raw()).ok_or(SysError::NoMemory)?;
    let unnamed = Tcb::new(ThreadId::NIL, cpu.index, scheduler);
    // SAFETY: the block is mapped, and the slot is free: nobody but this CPU, under the lock, looks at more than its
    // id and home word, which are atomic and say that there is no thread here until the id is set.
    unsafe { block.write(unnamed) };
    let thread = Owned::seen_here(TcbRef::from_address(block as u64));
    thread.set_space(Some(space));
    space.add_thread();
    if patch::without_wrgsbase() {
        thread.resources.set(Resources::GS);
    }
    thread.set_state(cpu, State::Inactive);
    thread.set_id(id.raw());
    Ok(thread)
}

/// What is in the slot that a new thread would get.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Slot {
    /// Nothing.
    Free,
    /// A thread, which may have another version.
    Taken(TcbRef),
    /// A thread that was deleted, but has not quite gone.
    Dying(TcbRef),
}

/// Looks at the slot of `id`. Any CPU.
pub(crate) fn slot(id: ThreadId) -> Slot {
    match table::block(id.raw()) {
        None => Slot::Free,
        Some(block) => match block.state() {
            State::Free => Slot::Free,
            State::Dying => Slot::Dying(block),
            _ => Slot::Taken(block),
        },
    }
}
