//! A thread comes into being, inactive. On the creator's CPU, interrupts off, under the thread-control lock.

use pecan_abi::error::SysError;
use pecan_abi::id::ThreadId;
use pecan_abi::layout::ROOT_PRIORITY;

use super::tcb::{STACK_TOP_OFFSET, Tcb};
use super::{Field, Owned, Resources, State, TcbRef, UtcbRef, home_word, table};
use crate::arch::x86_64::entry::patch;
use crate::arch::x86_64::switch;
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
    thread.mark_red_zone();
    thread.set_space(Some(space));
    space.add_thread();
    if patch::without_wrgsbase() {
        thread.resources.set(thread.resources.get() | Resources::GS);
    }
    thread.set_state(cpu, State::Inactive);
    thread.set_id(id.raw());
    Ok(thread)
}

/// Bytes from the block to MR0 of an interrupt's thread: in the middle of the stack that it does not need.
const INTERRUPT_MR0: u64 = STACK_TOP_OFFSET / 2;

/// Makes the thread `id` of an interrupt on CPU `home`; it waits for `handler`. Under the thread-control lock.
///
/// The number must have no thread, not even one that is dying.
/// Errors: `NoMemory`; then nothing has changed.
pub(crate) fn interrupt(id: ThreadId, home: u16, handler: ThreadId) -> Result<(), SysError> {
    let block = table::provide(id.raw()).ok_or(SysError::NoMemory)?;
    let unnamed = Tcb::new(ThreadId::NIL, crate::cpu::current().index, handler);
    // SAFETY: as in `create`.
    unsafe { block.write(unnamed) };
    let thread = TcbRef::from_address(block as u64);
    // SAFETY: the thread has no use for its stack, so the middle of its block can be its UTCB; blocks stay.
    let utcb = unsafe { UtcbRef::new((block as u64 + INTERRUPT_MR0) as *mut u64) };
    utcb.set(Field::PAGER, ThreadId::NIL.raw());
    utcb.set(Field::BR0, 0);
    thread.set_utcb(utcb);
    thread.mark_red_zone();
    thread.resources.set(Resources::INTERRUPT);
    thread.priority.set(ROOT_PRIORITY);
    thread.wait.set(handler.raw());
    thread.receive_from.set(handler.raw());
    switch::prepare(&thread, never);
    thread.set_home_word(home_word(home, State::Waiting));
    thread.set_id(id.raw());
    Ok(())
}

/// Where the thread of an interrupt would run.
extern "C" fn never() {
    panic!("the thread of an interrupt runs");
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
