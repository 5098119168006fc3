//! Time: the kernel's microseconds and the CPU's own counter.

use crate::syscall;

/// Microseconds since boot.
#[inline]
#[must_use]
pub fn micros() -> u64 {
    syscall::system_clock()
}

/// The CPU's time-stamp counter. Only differences on one CPU mean something; under QEMU's `-icount`
/// it counts instructions.
#[inline(always)]
#[must_use]
pub fn ticks() -> u64 {
    // SAFETY: RDTSC is allowed in user mode and touches only RAX and RDX.
    unsafe { core::arch::x86_64::_rdtsc() }
}
