//! MemoryControl: how pages of the caller's space are cached (L4 X.2, MemoryControl).
//!
//! The attributes are those of the interface on IA-32 and AMD64: 0 default, which is write back, 1 uncacheable, 2 write combining,
//! 5 write through, 6 write protected, 7 write back. What is mapped from a page later is cached as the page is then; what was
//! mapped from it before stays as it was.

use pecan_abi::caching::Caching;
use pecan_abi::error::SysError;
use pecan_abi::fpage::Fpage;

use super::unmap::{lives_in, pause_in};
use super::{is_privileged, refuse};
use crate::arch::x86_64::entry::call::CallFrame;
use crate::space::{Space, caching, shootdown};
use crate::thread::Owned;

/// Bits 0-5 of the control word: the number of the last MR.
const LAST_REGISTER: u64 = 0x3F;
/// Bits 0-1 of each fpage: which attribute.
const CHOICE: u64 = 3;

/// The call: rdx control, r9 rsi r8 r10 attributes, fpages in MR0..; rdx result.
///
/// Errors: `NoPrivilege`; `InvalidParameter` for an unknown attribute, an fpage below 4 KiB, and one that is not all mapped, has
/// a part of an area, or a part of a larger page; then nothing has changed. `NoMemory` only for the owner of all memory.
#[inline(never)]
pub(super) fn call(me: Owned, frame: &mut CallFrame) {
    frame.rdx = match control(me, frame) {
        Ok(()) => 1,
        Err(error) => refuse(me, error),
    };
}

fn control(me: Owned, frame: &CallFrame) -> Result<(), SysError> {
    if !is_privileged(me) {
        return Err(SysError::NoPrivilege);
    }
    let attributes = [frame.r9, frame.rsi, frame.r8, frame.r10];
    let last = (frame.rdx & LAST_REGISTER) as usize;
    for index in 0..=last {
        let (page, _) = wanted(me, index, &attributes)?;
        let space = me.space().ok_or(SysError::InvalidSpace)?;
        caching::check(space, page, || pause_in(me, space))?;
    }
    for index in 0..=last {
        // The registers are the user's: they may have changed.
        let (page, caching) = wanted(me, index, &attributes)?;
        let space = me.space().ok_or(SysError::InvalidSpace)?;
        let wait = || wait_in(me, space);
        caching::set(space, page, caching, wait, || pause_in(me, space))?;
    }
    Ok(())
}

/// Waits until other CPUs have dropped translations. As [`pause_in`].
fn wait_in(me: Owned, space: &Space) -> bool {
    shootdown::wait(me);
    lives_in(me, space)
}

/// What the fpage in an MR asks for.
fn wanted(me: Owned, index: usize, attributes: &[u64; 4]) -> Result<(Fpage, Caching), SysError> {
    let word = me.utcb.get().mr(index);
    let attribute = attributes[(word & CHOICE) as usize];
    let caching = Caching::from_attribute(attribute).ok_or(SysError::InvalidParameter)?;
    Ok((Fpage::from_raw(word), caching))
}
