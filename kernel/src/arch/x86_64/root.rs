//! The translation root: what CR3 holds.

use core::arch::asm;

/// Loads another root, which drops all translations that are not global.
///
/// # Safety
/// `root` maps the kernel as every space does.
pub(crate) unsafe fn load(root: u64) {
    // SAFETY: by contract the kernel stays mapped.
    unsafe { asm!("mov cr3, {}", in(reg) root, options(nostack, preserves_flags)) };
}
