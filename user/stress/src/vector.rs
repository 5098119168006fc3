//! The vector registers. Compiled code here does not use them, so they keep what a thread puts there, unless the
//! kernel mixes threads up.

use core::arch::asm;

/// Puts `pattern` into a low and a high register.
pub(crate) fn set(pattern: u64) {
    // SAFETY: the target has no vector instructions for the compiler, so nothing else uses the registers.
    unsafe {
        asm!("movq xmm1, {0}", "movq xmm15, {0}", in(reg) pattern, options(nomem, nostack, preserves_flags));
    }
}

/// What both hold.
pub(crate) fn get() -> [u64; 2] {
    let (low, high);
    // SAFETY: reads only.
    unsafe {
        asm!("movq {0}, xmm1", "movq {1}, xmm15", out(reg) low, out(reg) high, options(nomem, nostack, preserves_flags));
    }
    [low, high]
}
