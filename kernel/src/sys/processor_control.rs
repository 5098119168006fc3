//! ProcessorControl: frequency and voltage of a processor (L4 X.2, ProcessorControl).
//!
//! The kernel can set neither. What leaves a processor as it is succeeds: for a frequency 0 or the one that the
//! kernel-interface page tells, for the voltage 0. Everything else is refused.

use pecan_abi::error::SysError;

use super::{is_privileged, refuse};
use crate::arch::x86_64::clock;
use crate::arch::x86_64::entry::call::CallFrame;
use crate::cpu;
use crate::thread::Owned;

/// The call: rdi processor, rsi internal and rdx external frequency in kHz, r8 voltage; rax result.
#[inline(never)]
pub(super) fn call(me: Owned, frame: &mut CallFrame) {
    frame.rax = match control(me, frame) {
        Ok(()) => 1,
        Err(error) => refuse(me, error),
    };
}

fn control(me: Owned, frame: &CallFrame) -> Result<(), SysError> {
    if !is_privileged(me) {
        return Err(SysError::NoPrivilege);
    }
    let exists = usize::try_from(frame.rdi).is_ok_and(|processor| processor < cpu::count());
    let stays = |frequency: u64| frequency == 0 || frequency == clock::khz();
    if exists && stays(frame.rsi) && stays(frame.rdx) && frame.r8 == 0 {
        Ok(())
    } else {
        Err(SysError::InvalidParameter)
    }
}
