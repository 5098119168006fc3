//! Code that is walked through, and that uses the debug registers.

use core::arch::{asm, naked_asm};

/// Executes INT3: the watcher may then let the thread walk.
pub(super) fn stop() {
    // SAFETY: the handler changes nothing but flags.
    unsafe { asm!("int3") };
}

/// Instructions of [`walk`], each round of its loop counted, and its bytes.
pub(super) const STEPS: u64 = 2 + 5 * 2 + 2;
pub(super) const LENGTH: u64 = 17;

/// Counts down from five, with one instruction that the kernel executes.
#[unsafe(naked)]
pub(super) extern "C" fn walk() {
    naked_asm!(
        "mov r8d, 5",
        "lock nop",
        "2: dec r8",
        "jnz 2b",
        "nop dword ptr [rax + 0]",
        "ret"
    )
}

/// A system call by the bare instruction: that of the clock.
#[unsafe(naked)]
pub(super) extern "C" fn walk_into_kernel() {
    naked_asm!(
        "push rbp",
        "push rbx",
        "mov ebp, 6",
        "syscall",
        "nop",
        "pop rbx",
        "pop rbp",
        "ret"
    )
}

/// Instructions of [`walk_into_kernel`], and its bytes.
pub(super) const KERNEL_STEPS: u64 = 8;
pub(super) const KERNEL_LENGTH: u64 = 14;

/// Loads a selector, with which the CPU holds breakpoints back for an instruction, which enters the kernel.
#[unsafe(naked)]
pub(super) extern "C" fn shadow(selector: *const u64) {
    naked_asm!(
        "push rbp",
        "push rbx",
        "mov ebp, 6",
        "mov ss, word ptr [rdi]",
        "syscall",
        "mov ss, word ptr [rdi]",
        "int3",
        "mov ss, word ptr [rdi]",
        "lock nop",
        "pop rbx",
        "pop rbp",
        "ret"
    )
}

macro_rules! moves {
    ($($name:ident: $instruction:literal;)+) => {
        $(
            /// Writes `value` into a debug register.
            #[unsafe(naked)]
            pub(super) extern "C" fn $name(value: u64) {
                naked_asm!($instruction, "ret")
            }
        )+
    };
}

moves! {
    dr0: "mov dr0, rdi";
    dr1: "mov dr1, rdi";
    dr2: "mov dr2, rdi";
    dr3: "mov dr3, rdi";
    dr4: ".byte 0x0f, 0x23, 0xe7";
    dr6: "mov dr6, rdi";
    dr7: "mov dr7, rdi";
    prefixed: ".byte 0x66, 0x0f, 0x23, 0xc7";
}

/// DR0 to DR3, DR6, DR7, read through different general registers.
pub(super) fn registers() -> [u64; 6] {
    let (a, b, c, d, e, f): (u64, u64, u64, u64, u64, u64);
    // SAFETY: reading debug registers changes nothing.
    unsafe {
        asm!("mov rax, dr0", "mov r15, dr1", "mov rdi, dr2", "mov r8, dr3", "mov r13, dr6", "mov rdx, dr7",
            out("rax") a, out("r15") b, out("rdi") c, out("r8") d, out("r13") e, out("rdx") f,
            options(nostack, preserves_flags));
    }
    [a, b, c, d, e, f]
}

/// Writes a word. The instruction is the first, of three bytes.
#[unsafe(naked)]
pub(super) extern "C" fn write(address: *mut u64, value: u64) {
    naked_asm!("mov [rdi], rsi", "ret")
}

/// Bytes of the writing instruction.
pub(super) const WRITE_LENGTH: u64 = 3;

/// Reads a word. The instruction is the first, of three bytes.
#[unsafe(naked)]
pub(super) extern "C" fn read(address: *const u64) -> u64 {
    naked_asm!("mov rax, [rdi]", "ret")
}
