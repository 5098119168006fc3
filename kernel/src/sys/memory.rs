//! Unmap, MemoryControl, ProcessorControl. The kernel keeps no mapping tree, page attributes or frequencies yet: all
//! three are refused, and change nothing.

use pecan_abi::error::SysError;

use super::{is_privileged, refuse};
use crate::arch::x86_64::entry::syscall::CallFrame;
use crate::thread::Owned;

/// Unmap: the MRs come back as they are, as for fpages of an unknown kind, and the error code says why.
pub(super) fn unmap(me: Owned) {
    refuse(me, SysError::InvalidParameter);
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
