//! Code whose instructions are counted.

use core::arch::{asm, naked_asm};

/// Instructions of [`wait_until`] besides its loop: from reading the time to reading it again.
const AROUND: u64 = 9;

/// Waits until the time-stamp counter is `time`, and returns what it is then: `time` on a machine that counts
/// instructions, unless that was less than [`AROUND`] instructions away, or something came between.
#[inline(always)]
pub(crate) fn wait_until(time: u64) -> u64 {
    let now;
    // SAFETY: reads the counter and changes the registers named.
    unsafe {
        asm!(
            "rdtsc",
            "shl rdx, 32",
            "or rax, rdx",
            "sub rcx, rax",
            "jbe 4f",
            "shr rcx, 1",
            // An odd one.
            "jnc 2f",
            "nop",
            "2:",
            "test rcx, rcx",
            "jz 4f",
            "3:",
            "dec rcx",
            "jnz 3b",
            "4:",
            "rdtsc",
            "shl rdx, 32",
            "or rax, rdx",
            inlateout("rcx") time.saturating_sub(AROUND) => _,
            out("rax") now,
            out("rdx") _,
            options(nomem, nostack),
        );
    }
    now
}

/// The instruction that comes `FIRST_NOP` after the one that reads the time in [`sled`].
pub(crate) const FIRST_NOP: u64 = 4;

/// Notes the time in [`STAMP`](crate::timer::STAMP), then does nothing for [`NOPS`] instructions; for ever.
#[unsafe(naked)]
pub(crate) extern "C" fn sled() -> ! {
    naked_asm!(
        "2:",
        "rdtsc",
        "shl rdx, 32",
        "or rax, rdx",
        "mov [rip + {stamp}], rax",
        ".globl preempt_sled_nops",
        "preempt_sled_nops:",
        ".rept {nops}",
        "nop",
        ".endr",
        "jmp 2b",
        stamp = sym crate::timer::STAMP,
        nops = const NOPS,
    )
}

const NOPS: u64 = 200;

unsafe extern "C" {
    safe static preempt_sled_nops: u8;
}

/// Which of the sled's idle instructions is at `ip`, counted from 0.
pub(crate) fn nop_at(ip: u64) -> Option<u64> {
    ip.checked_sub(&raw const preempt_sled_nops as u64)
        .filter(|index| *index < NOPS)
}
