//! Segment registers: what is refused, and that what is not breaks nothing.

use core::arch::asm;

use l4::utcb;

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

/// Loads the selector into all segment registers that take it, on several ways, and enters the kernel.
fn load(selector: u64) {
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
            "mov ebp, 6",
            "syscall",
            "pop rbx",
            "pop rbp",
            in(reg) selector,
            out("rax") _, out("rcx") _, out("rdx") _, out("rsi") _, out("rdi") _, out("r8") _, out("r9") _,
            out("r10") _, out("r11") _,
        );
    }
}

/// Selectors that a user may have: messages go on, and the word that finds the UTCB is there after any entry.
pub(super) fn own_selectors() -> Outcome {
    let me = utcb::my().local_id();
    for selector in [0, 1, 2, 3, 0x23, 0x33] {
        load(selector);
        equal("own local id", utcb::my().local_id(), me)?;
        pause(2_000);
        equal("own local id", utcb::my().local_id(), me)?;
    }
    Ok(())
}
