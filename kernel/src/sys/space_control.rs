//! SpaceControl: places the UTCB and KIP areas of a space (L4 X.2, SpaceControl).

use pecan_abi::error::SysError;
use pecan_abi::fpage::Fpage;
use pecan_abi::id::ThreadId;

use super::{is_privileged, refuse, thread_control};
use crate::arch::x86_64::entry::syscall::CallFrame;
use crate::thread::{Owned, State, table};

/// The call: rdi space specifier, rsi control, rdx KIP area, r8 UTCB area, r9 redirector; rax result, rdx old control.
#[inline(never)]
pub(super) fn call(me: Owned, frame: &mut CallFrame) {
    let specifier = ThreadId::from_raw(frame.rdi);
    let kip_area = Fpage::from_raw(frame.rdx);
    let utcb_area = Fpage::from_raw(frame.r8);
    frame.rdx = 0;
    frame.rax = match control(me, specifier, kip_area, utcb_area) {
        Ok(()) => 1,
        Err(error) => refuse(me, error),
    };
}

fn control(
    me: Owned,
    specifier: ThreadId,
    kip_area: Fpage,
    utcb_area: Fpage,
) -> Result<(), SysError> {
    if !is_privileged(me) {
        return Err(SysError::NoPrivilege);
    }
    if !specifier.is_global() {
        return Err(SysError::InvalidSpace);
    }
    let _lock = thread_control::lock();
    let thread = table::find(specifier.raw()).filter(|thread| thread.state() != State::Dying);
    let space = thread
        .and_then(|thread| thread.space())
        .ok_or(SysError::InvalidSpace)?;
    if space.is_initialised() {
        return Ok(());
    }
    space.initialise(kip_area, utcb_area)
}
