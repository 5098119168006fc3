//! Segment registers: what is refused, and that what is not breaks nothing.

use core::arch::asm;
use core::arch::x86_64::{__cpuid, __cpuid_count};

use l4::{ThreadId, Time, Timeouts, utcb};

use super::{raise, raises};
use crate::harness::{Outcome, equal, pause};

/// Selectors of the kernel, of no segment, and none for the stack.
pub(super) fn bad_selectors() -> Outcome {
    raises(raise::kernel_ds, 13, raise::LOAD_OFFSET)?;
    raises(raise::kernel_ss, 13, raise::LOAD_OFFSET)?;
    raises(raise::no_ss, 13, raise::NULL_OFFSET)?;
    raises(raise::beyond_gs, 13, raise::LOAD_OFFSET)?;
    raises(raise::pop_bad_fs, 13, raise::POP_OFFSET)?;
    raises(raise::pop_bad_gs, 13, raise::POP_OFFSET)
}

/// The kernel's numbers of calls, which programs without their gs cannot get from the stubs.
const IPC: u64 = 0;
const SYSTEM_CLOCK: u64 = 6;

/// Whether every way out of the kernel writes the base of gs (CPUID leaf 7, FSGSBASE): without that instruction the base
/// is back when the thread was off the processor.
fn comes_back_at_every_exit() -> bool {
    __cpuid(0).eax >= 7 && __cpuid_count(7, 0).ebx & 1 != 0
}

/// Loads the selector into all segment registers that take it, on several ways, and enters the kernel.
fn load(selector: u64, me: ThreadId) {
    let (call, timeouts) = if comes_back_at_every_exit() {
        (SYSTEM_CLOCK, 0)
    } else {
        (IPC, Timeouts::new(Time::ZERO, Time::period(1000)).raw())
    };
    // SAFETY: nothing in 64-bit mode goes through these segments but the word that finds the UTCB, and the system call
    // right behind brings that back.
    unsafe {
        asm!(
            "push rbp",
            "push rbx",
            "mov ds, {0:x}",
            "mov es, {0:x}",
            "push {0}",
            ".byte 0x0f, 0xa1",
            "push {0}",
            ".byte 0x0f, 0xa9",
            "mov fs, {0:x}",
            "mov gs, {0:x}",
            "mov ebp, eax",
            "syscall",
            "pop rbx",
            "pop rbp",
            in(reg) selector,
            inout("rax") call => _, in("rdi") 0, in("rsi") 0, in("rdx") me.raw(), in("r8") timeouts, in("r9") 0,
            out("rcx") _, out("r10") _, out("r11") _, out("r12") _, out("r13") _, out("r14") _, out("r15") _,
        );
    }
}

/// Selectors that a user may have: messages go on, and the word that finds the UTCB is there after any entry, or on
/// an old processor after some rest.
pub(super) fn own_selectors() -> Outcome {
    let me = utcb::my().local_id();
    for selector in [0, 1, 2, 3, 0x23, 0x33] {
        load(selector, me);
        equal("own local id", utcb::my().local_id(), me)?;
        pause(2_000);
        equal("own local id", utcb::my().local_id(), me)?;
    }
    Ok(())
}
