//! The words that the users' gs points to: per CPU, one cache line that users read and the kernel writes through an alias.

use super::kernel_space::{self, Access, OutOfMemory};
use super::layout::{PAGE, USER_GS_ALIAS, USER_GS_BASE, USER_GS_STRIDE};
use super::reserve;

/// Maps the area for `cpus` CPUs.
pub(super) fn build(cpus: usize) -> Result<(), OutOfMemory> {
    let pages = (cpus as u64 * USER_GS_STRIDE).div_ceil(PAGE);
    let first = reserve::allocate_contiguous(pages as usize)
        .ok_or(OutOfMemory)?
        .phys();
    let views = [
        (USER_GS_BASE, Access::UserRead),
        (USER_GS_BASE + USER_GS_ALIAS, Access::Write),
    ];
    for (base, access) in views {
        kernel_space::map(base, first, pages * PAGE, access)?;
    }
    Ok(())
}
