//! An inactive thread gets a UTCB and can run. On its home CPU, interrupts off, under the thread-control lock.

use pecan_abi::error::SysError;
use pecan_abi::id::ThreadId;

use super::{Field, Owned, Resources, State};
use crate::arch::x86_64::entry::syscall::start_user;
use crate::arch::x86_64::switch;
use crate::cpu::Cpu;
use crate::sched;

/// Gives `thread` the UTCB at `location` in its space, and makes it wait for its start message from `pager`
/// (L4 X.2, thread start).
///
/// Errors: `UtcbArea`, `NoMemory`; then nothing has changed.
pub(crate) fn activate(
    cpu: &Cpu,
    thread: Owned,
    location: u64,
    pager: ThreadId,
) -> Result<(), SysError> {
    prepare(cpu, thread, location, pager)?;
    thread.wait.set(pager.raw());
    thread.receive_from.set(pager.raw());
    thread.from.set(0);
    thread.utcb.get().set_mr(0, 0);
    thread.set_waiting(cpu);
    Ok(())
}

/// As [`activate`], but the thread is ready at once, at the given instruction and stack pointer: a root server.
pub(crate) fn activate_running(
    cpu: &Cpu,
    thread: Owned,
    location: u64,
    pager: ThreadId,
    ip: u64,
    sp: u64,
) -> Result<(), SysError> {
    prepare(cpu, thread, location, pager)?;
    super::start::set_frame(thread, ip, sp);
    thread.utcb.get().set_mr(0, super::start::STARTED.raw());
    sched::wake(cpu, thread);
    Ok(())
}

fn prepare(cpu: &Cpu, thread: Owned, location: u64, pager: ThreadId) -> Result<(), SysError> {
    debug_assert_eq!(thread.state(), State::Inactive);
    let space = thread.space().ok_or(SysError::InvalidSpace)?;
    let (utcb, local_id) = space.utcb(location)?;
    thread.set_utcb(utcb);
    thread.local_id.set(local_id);
    utcb.set(Field::MY_GLOBAL_ID, thread.id());
    utcb.set(Field::PROCESSOR_NO, u64::from(cpu.index));
    utcb.set(Field::PAGER, pager.raw());
    utcb.set(Field::EXCEPTION_HANDLER, ThreadId::NIL.raw());
    utcb.set(Field::ERROR_CODE, 0);
    utcb.set(Field::BR0, 0);
    super::start::empty_frame(thread);
    thread
        .resources
        .set(thread.resources.get() | Resources::INSIDE);
    switch::prepare(&thread, start_user);
    Ok(())
}
