//! The words that the users' gs points to: per CPU, one cache line that users read and the kernel writes through the physmap.

use super::kernel_space::{self, Access, OutOfMemory};
use super::layout::{PAGE, USER_GS_BASE, USER_GS_STRIDE};
use super::reserve;
use core::sync::atomic::{AtomicU64, Ordering};

static FIRST_FRAME: AtomicU64 = AtomicU64::new(0);

/// Maps the area for `cpus` CPUs.
pub(super) fn build(cpus: usize) -> Result<(), OutOfMemory> {
    let pages = (cpus as u64 * USER_GS_STRIDE).div_ceil(PAGE);
    let first = reserve::allocate_contiguous(pages as usize)
        .ok_or(OutOfMemory)?
        .phys();
    FIRST_FRAME.store(first, Ordering::Relaxed);
    for page in 0..pages {
        kernel_space::map(
            USER_GS_BASE + page * PAGE,
            first + page * PAGE,
            PAGE,
            Access::UserRead,
        )?;
    }
    Ok(())
}

/// Physical address of the word of CPU `index`, which must exist.
pub(crate) fn phys(index: usize) -> u64 {
    FIRST_FRAME.load(Ordering::Relaxed) + index as u64 * USER_GS_STRIDE
}
