//! Taking memory back: the Unmap system call.

use pecan_abi::fpage::{Fpage, Rights};

use crate::{syscall, utcb};

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
