//! Stages 1 to 6 in one straight line for a message that its sender does not wait after, on from [`super::fast`]: words only, to
//! a partner of this CPU that waits in its own system call, is listed since it was ready last, and does not outrank the
//! sender. So nothing but its state changes hands, and the sender goes on.
//!
//! No lock, no atomic, no table, no list. Everything else leaves with nothing changed.

use core::arch::naked_asm;
use core::mem::offset_of;

#[cfg(feature = "without-home-rule")]
use super::big_lock::{self, alone, general};
#[cfg(not(feature = "without-home-rule"))]
use crate::arch::x86_64::entry::syscall::{alone, general};
use crate::cpu::offsets::{READY_HERE, USER_GS};
use crate::thread::{STACK_TOP_OFFSET, Tcb, tcb_offsets};

/// From rsp, the stack top, to the caller's TCB.
const ME: i64 = -(STACK_TOP_OFFSET as i64);

/// The partner waits here for the caller or for anybody, and the caller waits neither for it nor for anybody.
///
/// In: rsp the stack top, the user frame written; rbp the partner; rsi to, rdx from, r8 timeouts, r9 rax rbx r10 r12-r15 MRs.
/// Out, to the caller's user code: rsi nil, rdi MR0's address, MRs; rcx, rdx, rbp, r11 destroyed. Stack: the caller's.
#[unsafe(naked)]
pub(super) extern "C" fn one_way() {
    naked_asm!(
        "test rdx, rdx",
        "jnz {general}",
        // More words than there are, typed items, flags; resources of either.
        "movzx edi, r9w",
        "cmp edi, 63",
        "ja {general}",
        "mov r11d, [rsp + {me} + {resources}]",
        "or r11d, [rbp + {resources}]",
        "jnz {general}",
        "movzx ecx, byte ptr [rbp + {priority}]",
        "cmp cl, [rsp + {me} + {priority}]",
        "ja {general}",
        "cmp byte ptr [rbp + {listed}], 0",
        "je {alone}",
        // Point of no return. The registers go to where the partner, which does not run yet, will take them from.
        "mov rsi, [rbp + {utcb}]",
        "mov [rsi], r9",
        "mov [rsi + 8], rax",
        "mov [rsi + 16], rbx",
        "mov [rsi + 24], r10",
        "mov [rsi + 32], r12",
        "mov [rsi + 40], r13",
        "mov [rsi + 48], r14",
        "mov [rsi + 56], r15",
        "cmp edi, 7",
        "ja 3f",
        "2: mov rcx, gs:[{ready_here}]",
        "mov [rbp + {home}], rcx",
        "mov qword ptr [rbp + {deadline}], -1",
        // The caller's name as the partner sees it.
        "mov rdi, [rsp + {me} + {local_id}]",
        "mov rcx, [rbp + {root}]",
        "cmp rcx, [rsp + {me} + {root}]",
        "mov rcx, rdi",
        "cmovne rcx, [rsp + {me} + {id}]",
        "mov [rbp + {from}], rcx",
        "xor esi, esi",
        "xor ebp, ebp",
        "mov rcx, [rsp - 40]",
        "mov r11, [rsp - 24]",
        "mov rdx, gs:[{user_gs}]",
        "mov rsp, [rsp - 16]",
        #[cfg(feature = "without-home-rule")]
        big_lock::give!(),
        "swapgs",
        ".globl pecan_exit_one_way",
        "pecan_exit_one_way: wrgsbase rdx",
        "sysretq",
        // The words beyond the registers.
        "3: lea ecx, [rdi - 7]",
        "lea rdi, [rsi + 64]",
        "mov rsi, [rsp + {me} + {utcb}]",
        "add rsi, 64",
        "rep movsq",
        "jmp 2b",
        general = sym general,
        alone = sym alone,
        me = const ME,
        id = const tcb_offsets::ID,
        home = const tcb_offsets::HOME,
        local_id = const tcb_offsets::LOCAL_ID,
        root = const tcb_offsets::ROOT,
        utcb = const tcb_offsets::UTCB,
        from = const tcb_offsets::FROM,
        resources = const offset_of!(Tcb, resources),
        priority = const offset_of!(Tcb, priority),
        listed = const offset_of!(Tcb, listed),
        deadline = const offset_of!(Tcb, deadline),
        ready_here = const READY_HERE,
        user_gs = const USER_GS,
        #[cfg(feature = "without-home-rule")]
        lock = sym big_lock::LOCK,
    )
}
