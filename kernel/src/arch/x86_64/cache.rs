//! Caches: dropping what they hold, and the ways in which they can hold it.

use core::arch::asm;

use pecan_rules::caching;
use x86_64::registers::model_specific::Msr;

const PAGE_ATTRIBUTE_TABLE: u32 = 0x277;
/// No cache has smaller lines.
const LINE: usize = 32;

/// Sets the page attribute table. Each CPU, once, before it uses pages of users.
pub(crate) fn install_attributes() {
    // SAFETY: every x86-64 CPU has the table; the kernel's own pages use entries that the new value leaves as they are.
    unsafe { Msr::new(PAGE_ATTRIBUTE_TABLE).write(caching::TABLE) };
}

/// Writes back and drops what any cache holds of these bytes of the physical map.
pub(crate) fn flush(start: *mut u8, bytes: u64) {
    for offset in (0..bytes as usize).step_by(LINE) {
        let line = start.wrapping_add(offset);
        // SAFETY: the physical map shows the line; flushing it changes no memory.
        unsafe { asm!("clflush [{}]", in(reg) line, options(nostack, preserves_flags)) };
    }
    // SAFETY: a fence has no other effect.
    unsafe { asm!("mfence", options(nostack, preserves_flags)) };
}
