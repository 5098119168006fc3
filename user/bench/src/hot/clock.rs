//! The time-stamp counter.

use core::arch::{asm, naked_asm};

use l4::abi::marker::{CLOSE, OPEN, ROW};

/// The time-stamp counter where no stretch begins or ends.
#[inline(always)]
pub(crate) fn now() -> u64 {
    // SAFETY: every CPU of this architecture has the counter, and users may read it.
    unsafe { core::arch::x86_64::_rdtsc() }
}

/// The time-stamp counter where a measured stretch begins.
#[inline(always)]
pub(crate) fn open() -> u64 {
    marked::<OPEN>()
}

/// The time-stamp counter where it ends.
#[inline(always)]
pub(crate) fn close() -> u64 {
    marked::<CLOSE>()
}

/// The stretches that follow belong to the next row.
pub(crate) fn next_row() {
    marked::<ROW>();
}

#[inline(always)]
fn marked<const PREFIX: u8>() -> u64 {
    let (low, high): (u64, u64);
    // SAFETY: every CPU of this architecture has the counter, users may read it, and it ignores these prefixes.
    unsafe {
        asm!(
            ".byte {prefix}",
            "rdtsc",
            prefix = const PREFIX,
            out("rax") low,
            out("rdx") high,
            options(nostack, preserves_flags)
        );
    }
    high << 32 | low
}

/// The most time-stamp ticks that something else took between two looks at the counter, in `span` of its ticks.
#[unsafe(naked)]
pub(crate) extern "C" fn longest_gap(span: u64) -> u64 {
    naked_asm!(
        "rdtsc",
        "shl rdx, 32",
        "or rax, rdx",
        "mov r8, rax",
        "mov r9, rax",
        "xor r10d, r10d",
        "2:",
        "rdtsc",
        "shl rdx, 32",
        "or rax, rdx",
        "mov rcx, rax",
        "sub rcx, r9",
        "mov r9, rax",
        "cmp r10, rcx",
        "cmovb r10, rcx",
        "sub rax, r8",
        "cmp rax, rdi",
        "jb 2b",
        "lea rax, [r10 - {own}]",
        "ret",
        own = const GAP_LOOP,
    )
}

/// Instructions of the loop in [`longest_gap`].
const GAP_LOOP: u64 = 11;

/// Notes the time-stamp counter in [`STAMP`](crate::partner::STAMP) for ever.
#[unsafe(naked)]
pub(crate) extern "C" fn stamps() -> ! {
    naked_asm!(
        "2:",
        ".byte {open}",
        "rdtsc",
        "shl rdx, 32",
        "or rax, rdx",
        "mov [rip + {stamp}], rax",
        "jmp 2b",
        open = const OPEN,
        stamp = sym crate::partner::STAMP,
    )
}
