//! SYSCALL for a message: from the stub into the kernel, where the straight line does not do all, and back.

use core::arch::naked_asm;

use pecan_abi::item::ItemKind;
use pecan_abi::tag::Tag;

use super::call::other_call;
use crate::arch::x86_64::switch;
use crate::cpu::offsets::{STACK_TOP, USER_GS};
use crate::cpu::segments::{USER_CODE, USER_DATA};
use crate::thread::{STACK_TOP_OFFSET, tcb_offsets};

/// Address for the LSTAR register: the entry with the straight line for common messages, or the one without it.
pub(crate) fn address(general: bool) -> u64 {
    if general {
        entry as *const () as u64
    } else {
        crate::ipc::fast::entry as *const () as u64
    }
}

/// SYSCALL lands here if every message is to take the general way (`ipc=general`).
///
/// In: rcx user ip, r11 user flags, rbp number of the call, user stack, user gs, interrupts off; other registers as
/// the call says. Out: the call's results; rcx, r11, rbp destroyed. Stack: the running thread's kernel stack.
#[unsafe(naked)]
extern "C" fn entry() {
    naked_asm!(
        "swapgs",
        "test ebp, ebp",
        "jnz {other}",
        "mov rdi, rsp",
        "mov rsp, gs:[{stack_top}]",
        "jmp {unknown}",
        other = sym other_call,
        stack_top = const STACK_TOP,
        unknown = sym unknown,
    )
}

/// Nobody is known to have that id: the general way says what is wrong, or what is meant.
///
/// In: rsp the stack top, rdi the user's stack, rcx and r11 as SYSCALL left them, and as for [`general`]. Clobbers nothing
/// else. Stack: the caller's.
#[unsafe(naked)]
pub(crate) extern "C" fn unknown() {
    naked_asm!(
        "mov [rsp - 16], rdi",
        "mov [rsp - 24], r11",
        "mov [rsp - 40], rcx",
        "jmp {general}",
        general = sym general,
    )
}

/// As [`unknown`], after an exception in the kernel wrote its own selectors where those of the user are kept.
#[unsafe(naked)]
pub(crate) extern "C" fn faulted() {
    naked_asm!(
        "mov qword ptr [rsp - 8], {data}",
        "mov qword ptr [rsp - 32], {code}",
        "jmp {unknown}",
        data = const USER_DATA,
        code = const USER_CODE,
        unknown = sym unknown,
    )
}

/// Stores MR0 to MR2 into the UTCB, whose address is in rcx then, does what the lines say, and asks the function who runs next.
macro_rules! ask {
    ($function:path $(, $line:expr)*) => {
        naked_asm!(
            "lea rdi, [rsp - {top}]",
            "sub rsp, 48",
            "mov rcx, [rdi + {utcb}]",
            "mov [rcx], r9",
            "mov [rcx + 8], rax",
            "mov [rcx + 16], rbx",
            $($line,)*
            #[cfg(feature = "without-home-rule")]
            crate::ipc::big_lock::take!(),
            #[cfg(feature = "without-home-rule")]
            crate::ipc::big_lock::note!(),
            "call {ipc}",
            "jmp {finish}",
            top = const STACK_TOP_OFFSET,
            utcb = const tcb_offsets::UTCB,
            ipc = sym $function,
            finish = sym ipc_finish,
            #[cfg(feature = "without-home-rule")]
            lock = sym crate::ipc::big_lock::LOCK,
        )
    };
}

/// The same with the other message registers.
macro_rules! store_mr3_to_mr7 {
    () => {
        "mov [rcx + 24], r10
         mov [rcx + 32], r12
         mov [rcx + 40], r13
         mov [rcx + 48], r14
         mov [rcx + 56], r15"
    };
}

/// The general way of an IPC: asks [`crate::ipc::entry::system_call`] who runs next.
///
/// In: rsp the stack top, the user frame written; rsi to, rdx from, r8 timeouts, r9 rax rbx r10 r12-r15 MRs.
/// Clobbers all others. Stack: the caller's.
#[unsafe(naked)]
pub(crate) extern "C" fn general() {
    ask!(crate::ipc::entry::system_call, store_mr3_to_mr7!())
}

/// The partner waits here for the caller, who waits for it or for anybody, but something else is uncommon. A message that is
/// one map item goes to [`item`], and so may one that is another item but a string; everything else goes the general way.
///
/// In: rbp the partner, and as for [`general`]. Clobbers nothing. Stack: the caller's.
#[unsafe(naked)]
pub(crate) extern "C" fn uncommon() {
    naked_asm!(
        "cmp r9w, {tag}",
        "jne {general}",
        "test al, {page}",
        "jz {general}",
        "jmp {item}",
        tag = const Tag::new(0, 0, 2).raw(),
        page = const ItemKind::MAP_BITS,
        general = sym general,
        item = sym item,
    )
}

/// The way of a message that is one map item, and so has no words beyond MR2: asks [`crate::ipc::short::send_item`] who runs
/// next. As [`uncommon`].
#[unsafe(naked)]
extern "C" fn item() {
    ask!(crate::ipc::short::send_item, "mov rcx, rbp")
}

/// A message alone to a partner that waits here for it: asks [`crate::ipc::short::send`] who runs next.
///
/// In: rbp the partner, and as for [`general`]. Clobbers all others. Stack: the caller's.
#[unsafe(naked)]
pub(crate) extern "C" fn alone() {
    ask!(crate::ipc::short::send, store_mr3_to_mr7!(), "mov rcx, rbp")
}

/// The partner does not wait on this CPU: it may live on another one. Asks [`crate::ipc::short::ask`] who runs next.
///
/// In: rbp the partner, and as for [`general`]. Clobbers all others. Stack: the caller's.
#[unsafe(naked)]
pub(crate) extern "C" fn elsewhere() {
    ask!(crate::ipc::short::ask, store_mr3_to_mr7!(), "mov rcx, rbp")
}

/// Ends an IPC system call: stays with the caller, switches to a partner, or leaves for the dispatcher.
///
/// In: rax who runs next: the caller, another thread, or 0 for the dispatcher; rsp 48 below the caller's stack top; the
/// caller's saved stack pointer that of a thread in user mode. Stack: the caller's.
#[unsafe(naked)]
extern "C" fn ipc_finish() {
    naked_asm!(
        #[cfg(feature = "without-home-rule")]
        "mov rbx, rax
         call {let_go}
         mov rax, rbx",
        "lea rdi, [rsp + 48 - {top}]",
        "cmp rax, rdi",
        "je {ret}",
        "test rax, rax",
        "jnz {enter}",
        "jmp {leave}",
        top = const STACK_TOP_OFFSET,
        ret = sym ipc_return,
        enter = sym switch::enter,
        leave = sym switch::leave,
        #[cfg(feature = "without-home-rule")]
        let_go = sym crate::ipc::big_lock::let_go,
    )
}

/// Where a thread whose IPC has ended returns to user mode.
///
/// In: rax the TCB, interrupts off. Out: MRs, rsi from, rdi MR0's user address. Clobbers rcx, rdx, rbp, r8, r11, and
/// leaves nothing of the kernel's in them. Stack: none is used.
#[unsafe(naked)]
pub(crate) extern "C" fn ipc_return() {
    naked_asm!(
        "mov rsi, [rax + {from}]",
        "mov rdx, [rax + {utcb}]",
        "mov rdi, [rax + {local_id}]",
        "mov rcx, [rax + {top} - 40]",
        "mov r11, [rax + {top} - 24]",
        "mov rsp, [rax + {top} - 16]",
        "mov r9, [rdx]",
        "mov rax, [rdx + 8]",
        "mov rbx, [rdx + 16]",
        "mov r10, [rdx + 24]",
        "mov r12, [rdx + 32]",
        "mov r13, [rdx + 40]",
        "mov r14, [rdx + 48]",
        "mov r15, [rdx + 56]",
        "xor r8d, r8d",
        "xor ebp, ebp",
        "mov rdx, gs:[{user_gs}]",
        "swapgs",
        ".globl pecan_exit_ipc",
        "pecan_exit_ipc: wrgsbase rdx",
        "sysretq",
        top = const STACK_TOP_OFFSET,
        from = const tcb_offsets::FROM,
        utcb = const tcb_offsets::UTCB,
        local_id = const tcb_offsets::LOCAL_ID,
        user_gs = const USER_GS,
    )
}

/// Where a thread goes on whose IPC must be taken up again: its receive phase, or all of it.
///
/// In: rax the TCB, interrupts off. Stack: the thread's, empty but for the user frame.
#[unsafe(naked)]
pub(crate) extern "C" fn ipc_again() {
    naked_asm!(
        "lea rsp, [rax + {top} - 48]",
        "mov qword ptr [rax + {stack}], offset {plain}",
        "mov rdi, rax",
        "call {again}",
        "jmp {finish}",
        top = const STACK_TOP_OFFSET,
        stack = const tcb_offsets::STACK,
        plain = sym switch::RETURNS,
        again = sym crate::ipc::entry::again,
        finish = sym ipc_finish,
    )
}

/// Where a new thread goes on when it runs first: start message or not, it enters user mode with empty registers.
///
/// In: rax the TCB, rsp 48 below the stack top. Stack: the thread's.
#[unsafe(naked)]
pub(crate) extern "C" fn start_user() {
    naked_asm!(
        "mov qword ptr [rax + {stack}], offset {plain}",
        "mov rdi, rax",
        "call {begin}",
        "mov rax, gs:[{user_gs}]",
        "swapgs",
        ".globl pecan_exit_start",
        "pecan_exit_start: wrgsbase rax",
        "xor eax, eax",
        "xor ebx, ebx",
        "xor ecx, ecx",
        "xor edx, edx",
        "xor esi, esi",
        "xor edi, edi",
        "xor ebp, ebp",
        "xor r8d, r8d",
        "xor r9d, r9d",
        "xor r10d, r10d",
        "xor r11d, r11d",
        "xor r12d, r12d",
        "xor r13d, r13d",
        "xor r14d, r14d",
        "xor r15d, r15d",
        "add rsp, 8",
        "iretq",
        stack = const tcb_offsets::STACK,
        plain = sym switch::RETURNS,
        begin = sym crate::thread::start::begin,
        user_gs = const USER_GS,
    )
}
