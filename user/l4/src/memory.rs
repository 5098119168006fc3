//! Taking memory back, and how it is cached: the Unmap and MemoryControl system calls.

use pecan_abi::caching::Caching;
use pecan_abi::error::SysError;
use pecan_abi::fpage::{Fpage, Rights};

use crate::{syscall, thread, utcb};

/// Bit of the control word that includes the caller's own mapping.
const FLUSH: u64 = 1 << 6;

/// Takes the rights named by `page` from everyone who got the page from this space. Returns the
/// accesses seen since the last such call.
pub fn unmap(page: Fpage) -> Rights {
    // SAFETY: the caller's own mapping stays.
    unsafe { revoke(page, 0) }
}

/// As [`unmap`], for this space's own mapping too.
///
/// # Safety
/// Nothing here uses the page as if it still had the rights.
pub unsafe fn flush(page: Fpage) -> Rights {
    // SAFETY: the caller's promise.
    unsafe { revoke(page, FLUSH) }
}

/// # Safety
/// As [`flush`] if `control` has that bit.
unsafe fn revoke(page: Fpage, control: u64) -> Rights {
    let utcb = utcb::my();
    utcb.set_mr(0, page.raw());
    // SAFETY: this thread's UTCB; the caller vouches for the page.
    unsafe { syscall::unmap(control, utcb.mr0()) };
    Fpage::from_raw(utcb.mr(0)).rights()
}

/// Sets how the pages of this space in `page` are cached. What is mapped from them later is cached in the same way; what
/// others have of them already is not changed. Privileged spaces only.
///
/// # Errors
/// No privilege; a page below 4 KiB, or one that is not all mapped, or part of a larger one. Then nothing has changed.
///
/// # Safety
/// Changing how memory in use is cached is the caller's business.
pub unsafe fn set_caching(page: Fpage, caching: Caching) -> Result<(), SysError> {
    let utcb = utcb::my();
    utcb.set_mr(0, page.with_rights(Rights::NONE).raw());
    // SAFETY: this thread's UTCB; the caller vouches for the page.
    let result = unsafe { syscall::memory_control(0, [caching.attribute(), 0, 0, 0], utcb.mr0()) };
    if result == 1 {
        Ok(())
    } else {
        Err(thread::last_error())
    }
}
