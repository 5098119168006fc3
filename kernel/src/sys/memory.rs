//! Unmap, MemoryControl, ProcessorControl. The kernel keeps no page attributes or frequencies: the last two are
//! refused, and change nothing.

use pecan_abi::error::SysError;
use pecan_abi::fpage::{Fpage, IoFpage};
use x86_64::instructions::interrupts;

use super::{is_privileged, refuse};
use crate::arch::x86_64::entry::syscall::CallFrame;
use crate::cpu;
use crate::sched;
use crate::space::{ports, unmap};
use crate::thread::Owned;

/// Bits 0-5 of Unmap's control word: the number of the last MR.
const LAST_REGISTER: u64 = 0x3F;
/// Bit 6: the caller's own pages too.
const FLUSH: u64 = 1 << 6;

/// Unmap: rdx control; the fpages in MR0.. come back with the accesses seen as rights. Ports, whose accesses nobody
/// sees, and what is neither memory nor ports come back as they are.
pub(super) fn unmap(me: Owned, frame: &CallFrame) {
    let Some(space) = me.space() else { return };
    let flush = frame.rdx & FLUSH != 0;
    for index in 0..=(frame.rdx & LAST_REGISTER) as usize {
        let page = Fpage::from_raw(me.utcb.get().mr(index));
        if let Some(page) = IoFpage::from_fpage(page) {
            ports::unmap(space, page, flush, || pause(me));
        } else if let Some(seen) = unmap::unmap(space, page, flush, || pause(me)) {
            me.utcb.get().set_mr(index, page.with_rights(seen).raw());
        }
    }
}

/// Lets in what waits: interrupts, and threads that they made ready.
fn pause(me: Owned) {
    interrupts::enable();
    core::hint::spin_loop();
    interrupts::disable();
    sched::preempt_if_asked(cpu::current(), me);
}

/// ProcessorControl: rax result.
pub(super) fn processor_control(me: Owned, frame: &mut CallFrame) {
    frame.rax = refuse(me, unavailable(me));
}

/// MemoryControl: rdx result.
pub(super) fn memory_control(me: Owned, frame: &mut CallFrame) {
    frame.rdx = refuse(me, unavailable(me));
}

fn unavailable(me: Owned) -> SysError {
    if is_privileged(me) {
        SysError::InvalidParameter
    } else {
        SysError::NoPrivilege
    }
}
