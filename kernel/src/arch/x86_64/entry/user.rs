//! What interrupts user code, page faults included: entries that save and do less than the common one.

use core::arch::naked_asm;
use core::mem::offset_of;

use pecan_abi::tag::Tag;

use super::frame::FaultFrame;
use super::vector::{common, load_all, plain, save_all, with_error};
use crate::arch::x86_64::apic::vector::{DOORBELL, TIMER};
use crate::arch::x86_64::switch;
use crate::cpu::offsets::{RESCHEDULE, USER_GS};
use crate::thread::{MESSAGE_ROOM, Resources, STACK_TOP_OFFSET, Tcb, tcb_offsets};

/// Registers that Rust functions do not keep, but rdi, and the kernel's gs. User code may have set AC and the direction flag.
/// The names are those of the entry's parts that `patch` changes.
macro_rules! from_user {
    ($shut:literal) => {
        concat!(
            "push rax
             push rcx
             push rdx
             push rsi
             push r8
             push r9
             push r10
             push r11
             swapgs
             cld
             .globl ",
            $shut,
            "\n",
            $shut,
            ": clac"
        )
    };
}

/// The way back from [`from_user`], rdi lying above the others.
macro_rules! to_user {
    ($exit:literal) => {
        concat!(
            "mov rax, gs:[{user_gs}]
             swapgs
             .globl ",
            $exit,
            "\n",
            $exit,
            ": wrgsbase rax
             pop r11
             pop r10
             pop r9
             pop r8
             pop rsi
             pop rdx
             pop rcx
             pop rax
             pop rdi
             iretq"
        )
    };
}

/// A page fault. It leaves at once for the pager that [`super::interrupt::page_fault`] names, and looks for itself whether the
/// fault is served when it runs again.
///
/// In: the CPU's frame and an error code; interrupts off. Out: returns by IRETQ, registers as they were; the kernel's own
/// faults go to [`common`](super::vector). Stack: the faulting thread's kernel stack, with a [`FaultFrame`].
#[unsafe(naked)]
pub(super) extern "C" fn page_fault() {
    naked_asm!(
        "test byte ptr [rsp + 16], 3",
        "jz {kernels}",
        from_user!("pecan_fault_shut"),
        "push rbx
         push rbp
         push r12
         push r13
         push r14
         push r15",
        // The error code's place is that of rdi.
        "mov rdx, [rsp + 112]",
        "mov [rsp + 112], rdi",
        "sub rsp, {registers}",
        "lea rdi, [rsp + {me}]",
        "mov rsi, rsp",
        "mov rcx, cr2",
        "call {handle}",
        "test rax, rax",
        "jz 6f",
        "lea rcx, [rip + 4f]",
        "push rcx",
        "mov [rsp + 8 + {me} + {stack}], rsp",
        "jmp {enter}",
        "4: mov qword ptr [rax + {stack}], offset {returns}",
        "cmp byte ptr [rax + {again}], 0",
        "jne 8f",
        "test word ptr [rsp + {mr0}], {failed}",
        "jnz 8f",
        "mov rcx, [rax + {utcb}]",
        "mov [rax + {message}], rcx",
        "mov byte ptr [rax + {room}], {all}",
        "and dword ptr [rax + {resources}], {outside}",
        "cmp byte ptr gs:[{reschedule}], 0",
        "jne 7f",
        "6: add rsp, {registers}",
        "pop r15
         pop r14
         pop r13
         pop r12
         pop rbp
         pop rbx",
        to_user!("pecan_exit_fault"),
        "7: call {leave}",
        "jmp 6b",
        "8: mov rdi, rax",
        "mov rsi, [rsp + {address}]",
        "call {served}",
        "jmp 6b",
        kernels = sym with_error::<14>,
        registers = const FaultFrame::REGISTERS,
        me = const size_of::<FaultFrame>() as i64 - STACK_TOP_OFFSET as i64,
        handle = sym super::interrupt::page_fault,
        address = const FaultFrame::ADDRESS,
        served = sym crate::ipc::short::served,
        leave = sym super::interrupt::leave,
        enter = sym switch::enter,
        returns = sym switch::RETURNS,
        stack = const tcb_offsets::STACK,
        again = const offset_of!(Tcb, again),
        mr0 = const FaultFrame::MR0,
        failed = const Tag::ERROR,
        utcb = const tcb_offsets::UTCB,
        message = const tcb_offsets::MESSAGE,
        room = const offset_of!(Tcb, room),
        all = const MESSAGE_ROOM,
        resources = const offset_of!(Tcb, resources),
        outside = const !(Resources::INSIDE as i32),
        reschedule = const RESCHEDULE,
        user_gs = const USER_GS,
    )
}

/// An interrupt of user code, on from [`interrupt`].
///
/// In: the CPU's frame and the user's rdi on the stack, edi the vector. Out: as for [`page_fault`].
#[unsafe(naked)]
extern "C" fn interrupt_of_user() {
    naked_asm!(
        from_user!("pecan_interrupt_shut"),
        "call {handle}",
        to_user!("pecan_exit_user"),
        handle = sym super::interrupt::interrupt_of_user,
        user_gs = const USER_GS,
    )
}

/// The timer's vector.
///
/// In: the CPU's frame; interrupts off. Out: as for [`page_fault`], from the kernel into [`common`](super::vector).
#[unsafe(naked)]
pub(super) extern "C" fn tick() {
    naked_asm!(
        "test byte ptr [rsp + 8], 3",
        "jz {kernels}",
        "push rdi",
        from_user!("pecan_tick_shut"),
        "call {handle}",
        to_user!("pecan_exit_tick"),
        kernels = sym plain::<{ TIMER as u32 }>,
        handle = sym super::interrupt::tick_of_user,
        user_gs = const USER_GS,
    )
}

/// A vector of interrupts.
///
/// In: the CPU's frame. Out: into [`interrupt_of_user`], or into [`common`](super::vector) from the kernel.
#[unsafe(naked)]
pub(super) extern "C" fn interrupt<const VECTOR: u32>() {
    naked_asm!(
        "test byte ptr [rsp + 8], 3",
        "jz 2f",
        "push rdi",
        "mov edi, {vector}",
        "jmp {users}",
        "2: push 0",
        "push {vector}",
        "jmp {common}",
        vector = const VECTOR,
        users = sym interrupt_of_user,
        common = sym common,
    )
}

/// The doorbell, apart from the others because a message between CPUs waits for it. What it interrupts in user mode it
/// leaves at once for the thread that [`super::interrupt::rung`] names.
///
/// In: the CPU's frame. Out: as [`common`](super::vector), also when it is taken up again; from the kernel, on to [`plain`].
#[unsafe(naked)]
pub(super) extern "C" fn doorbell() {
    naked_asm!(
        "test byte ptr [rsp + 8], 3",
        "jz {plain}",
        save_all!(),
        "swapgs",
        "cld",
        ".globl pecan_entry_rung",
        "pecan_entry_rung: clac",
        "call {rung}",
        "test rax, rax",
        "jz 5f",
        "lea rcx, [rip + 4f]",
        "push rcx",
        "mov [rsp + {me} + {stack}], rsp",
        "jmp {enter}",
        "4: mov qword ptr [rax + {stack}], offset {returns}",
        "5: cmp byte ptr gs:[{reschedule}], 0",
        "jne 7f",
        "6: mov rax, gs:[{user_gs}]",
        "swapgs",
        ".globl pecan_exit_rung",
        "pecan_exit_rung: wrgsbase rax",
        load_all!(),
        "iretq",
        "7: call {leave}",
        "jmp 6b",
        plain = sym plain::<{ DOORBELL as u32 }>,
        rung = sym super::interrupt::rung,
        enter = sym switch::enter,
        leave = sym super::interrupt::leave,
        me = const RUNG - STACK_TOP_OFFSET as i64,
        stack = const tcb_offsets::STACK,
        returns = sym switch::RETURNS,
        reschedule = const RESCHEDULE,
        user_gs = const USER_GS,
    )
}

/// What [`doorbell`] has on the stack when it leaves it: the CPU's five words, fifteen registers, where it goes on.
const RUNG: i64 = (5 + 15 + 1) * 8;
