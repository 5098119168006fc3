//! The kernel's stubs with every register as wished.

use core::arch::naked_asm;

/// General registers but RSP, and the flags.
#[derive(Clone, Copy, Default)]
#[repr(C)]
pub(crate) struct Registers {
    pub(crate) rax: u64,
    pub(crate) rbx: u64,
    pub(crate) rcx: u64,
    pub(crate) rdx: u64,
    pub(crate) rsi: u64,
    pub(crate) rdi: u64,
    pub(crate) rbp: u64,
    pub(crate) r8: u64,
    pub(crate) r9: u64,
    pub(crate) r10: u64,
    pub(crate) r11: u64,
    pub(crate) r12: u64,
    pub(crate) r13: u64,
    pub(crate) r14: u64,
    pub(crate) r15: u64,
    pub(crate) flags: u64,
}

impl Registers {
    /// All general registers, in this order.
    pub(crate) fn general(&mut self) -> [&mut u64; 15] {
        [
            &mut self.rax,
            &mut self.rbx,
            &mut self.rcx,
            &mut self.rdx,
            &mut self.rsi,
            &mut self.rdi,
            &mut self.rbp,
            &mut self.r8,
            &mut self.r9,
            &mut self.r10,
            &mut self.r11,
            &mut self.r12,
            &mut self.r13,
            &mut self.r14,
            &mut self.r15,
        ]
    }
}

/// Calls the code at `target` with these registers, which is a stub of the kernel or nothing at all. Its results are
/// nobody's business.
///
/// # Safety
/// What the call does to this thread's space leaves the program as it is, or it is an outsider's.
#[unsafe(naked)]
pub(crate) unsafe extern "C" fn enter(registers: *const Registers, target: u64) {
    naked_asm!(
        "push rbp",
        "push rbx",
        "push r12",
        "push r13",
        "push r14",
        "push r15",
        "push rsi",
        "push qword ptr [rdi + 120]",
        "mov rax, [rdi]",
        "mov rbx, [rdi + 8]",
        "mov rcx, [rdi + 16]",
        "mov rdx, [rdi + 24]",
        "mov rsi, [rdi + 32]",
        "mov rbp, [rdi + 48]",
        "mov r8, [rdi + 56]",
        "mov r9, [rdi + 64]",
        "mov r10, [rdi + 72]",
        "mov r11, [rdi + 80]",
        "mov r12, [rdi + 88]",
        "mov r13, [rdi + 96]",
        "mov r14, [rdi + 104]",
        "mov r15, [rdi + 112]",
        "mov rdi, [rdi + 40]",
        "popfq",
        "call [rsp]",
        "push 2",
        "popfq",
        "pop rsi",
        "pop r15",
        "pop r14",
        "pop r13",
        "pop r12",
        "pop rbx",
        "pop rbp",
        "ret",
    )
}

/// A system call without a stub. It returns here if the kernel does what it does for stubs.
#[unsafe(naked)]
pub(crate) extern "C" fn syscall() {
    naked_asm!("syscall", "ret")
}
