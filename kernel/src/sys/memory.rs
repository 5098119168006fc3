//! Unmap, MemoryControl, ProcessorControl. The kernel keeps no page attributes or frequencies: the last two are
//! refused, and change nothing.

use pecan_abi::error::SysError;
use pecan_abi::fpage::Fpage;

use super::{is_privileged, let_others_in, refuse};
use crate::arch::x86_64::entry::syscall::CallFrame;
use crate::space::unmap;
use crate::thread::Owned;

/// Bits 0-5 of Unmap's control word: the number of the last MR.
const LAST_REGISTER: u64 = 0x3F;
/// Bit 6: the caller's own pages too.
const FLUSH: u64 = 1 << 6;

/// Unmap: rdx control; the fpages in MR0.. come back with the accesses seen as rights. What is no memory comes back
/// as it is.
pub(super) fn unmap(me: Owned, frame: &CallFrame) {
    let Some(space) = me.space() else { return };
    let flush = frame.rdx & FLUSH != 0;
    for index in 0..=(frame.rdx & LAST_REGISTER) as usize {
        let page = Fpage::from_raw(me.utcb.get().mr(index));
        if let Some(seen) = unmap::unmap(space, page, flush, || let_others_in(me)) {
            me.utcb.get().set_mr(index, page.with_rights(seen).raw());
        }
    }
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
