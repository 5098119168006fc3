//! Every system call but IPC: into the kernel and back.

use core::arch::naked_asm;

use crate::arch::x86_64::stubs::number;
use crate::arch::x86_64::switch;
use crate::cpu::offsets::{SCRATCH, STACK_TOP, USER_GS};
use crate::thread::{STACK_TOP_OFFSET, tcb_offsets};

/// Registers of a system call that is not IPC: in and out.
#[repr(C)]
pub(crate) struct CallFrame {
    pub(crate) rax: u64,
    pub(crate) rdx: u64,
    pub(crate) rsi: u64,
    pub(crate) rdi: u64,
    pub(crate) r8: u64,
    pub(crate) r9: u64,
    pub(crate) r10: u64,
    /// The call's number.
    pub(crate) rbp: u64,
}

/// Every system call but IPC: saves its registers and calls [`crate::sys::call`]; may block in there. ThreadSwitch has a way
/// of its own.
///
/// In: rcx user ip, r11 user flags, rbp number of the call, user stack, the kernel's gs, interrupts off. Out: the registers of [`CallFrame`] as the call left them.
#[unsafe(naked)]
pub(crate) extern "C" fn other_call() {
    naked_asm!(
        "mov gs:[{scratch}], rsp",
        "mov rsp, gs:[{stack_top}]",
        "sub rsp, 48",
        "mov [rsp + 8], rcx",
        "mov [rsp + 24], r11",
        "mov rcx, gs:[{scratch}]",
        "mov [rsp + 32], rcx",
        "cmp rbp, {thread_switch}",
        "je {give_cpu}",
        "push rbp",
        "push r10",
        "push r9",
        "push r8",
        "push rdi",
        "push rsi",
        "push rdx",
        "push rax",
        "mov rsi, rsp",
        "lea rdi, [rsp + 112 - {top}]",
        "xor ebp, ebp",
        "call {call}",
        "pop rax",
        "pop rdx",
        "pop rsi",
        "pop rdi",
        "pop r8",
        "pop r9",
        "pop r10",
        "pop rbp",
        "mov rcx, gs:[{user_gs}]",
        "swapgs",
        ".globl pecan_exit_call",
        "pecan_exit_call: wrgsbase rcx",
        "mov rcx, [rsp + 8]",
        "mov r11, [rsp + 24]",
        "mov rsp, [rsp + 32]",
        "sysretq",
        scratch = const SCRATCH,
        stack_top = const STACK_TOP,
        top = const STACK_TOP_OFFSET,
        thread_switch = const number::THREAD_SWITCH,
        give_cpu = sym thread_switch,
        call = sym crate::sys::call,
        user_gs = const USER_GS,
    )
}

/// ThreadSwitch: asks [`crate::sys::thread_switch`] who runs next.
///
/// In: rsp 48 below the stack top, the user frame written; rdi dest. Clobbers all others. Stack: the caller's.
#[unsafe(naked)]
extern "C" fn thread_switch() {
    naked_asm!(
        "mov rsi, rdi",
        "lea rdi, [rsp + 48 - {top}]",
        "xor ebp, ebp",
        "call {switch}",
        "lea rdi, [rsp + 48 - {top}]",
        "cmp rax, rdi",
        "je {ret}",
        "mov qword ptr [rdi + {stack}], offset {later}",
        "test rax, rax",
        "jnz {enter}",
        "jmp {leave}",
        top = const STACK_TOP_OFFSET,
        switch = sym crate::sys::thread_switch,
        ret = sym thread_switch_return,
        later = sym switch::GAVE_WAY,
        stack = const tcb_offsets::STACK,
        enter = sym switch::enter,
        leave = sym switch::leave,
    )
}

/// Where a thread that gave the CPU away returns to user mode.
///
/// In: rax the TCB, interrupts off. Leaves nothing of the kernel's in any register. Stack: none is used.
#[unsafe(naked)]
pub(crate) extern "C" fn thread_switch_return() {
    naked_asm!(
        "mov qword ptr [rax + {stack}], offset {plain}",
        "mov r8, [rax + {top} - 40]",
        "mov r11, [rax + {top} - 24]",
        "mov rsp, [rax + {top} - 16]",
        "xor eax, eax",
        "xor ebx, ebx",
        "xor edx, edx",
        "xor esi, esi",
        "xor edi, edi",
        "xor ebp, ebp",
        "xor r9d, r9d",
        "xor r10d, r10d",
        "xor r12d, r12d",
        "xor r13d, r13d",
        "xor r14d, r14d",
        "xor r15d, r15d",
        "mov rcx, gs:[{user_gs}]",
        "swapgs",
        ".globl pecan_exit_switch",
        "pecan_exit_switch: wrgsbase rcx",
        "mov rcx, r8",
        "sysretq",
        top = const STACK_TOP_OFFSET,
        stack = const tcb_offsets::STACK,
        plain = sym switch::RETURNS,
        user_gs = const USER_GS,
    )
}
