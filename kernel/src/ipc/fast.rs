//! Stages 1 to 6 in one straight line, for the common message: a call or reply-and-wait with words only, between two
//! threads of this CPU, to a partner that waits in its own system call, with nothing that times out.
//!
//! No lock, no atomic, no table, no list. MR0 to MR7 stay in their registers all the way; those beyond the message's
//! length are undefined for the receiver (L4 X.2, IPC). Everything else leaves for the general way with nothing changed:
//! `ipc=general` sends everything there, and the tests run both ways.
//!
//! Lines under a `without-` feature are what stands here without one of the techniques, to see what it is worth
//! (`cargo xtask bench --ablation`). The kernel has none of them.

use core::arch::naked_asm;
use core::mem::offset_of;

use crate::arch::x86_64::entry::call::other_call;
#[cfg(not(feature = "without-home-rule"))]
use crate::arch::x86_64::entry::syscall::{elsewhere, faulted, general, uncommon, unknown};
use crate::cpu::offsets::{LOADED_ROOT, READY_HERE, STACK_TOP, TCB_ARRAY, USER_GS, WAITING_HERE};
#[cfg(feature = "without-home-rule")]
use crate::ipc::big_lock::{self, elsewhere, faulted, general, uncommon, unknown};
use crate::ipc::one_way::one_way;
use crate::memory::layout::USER_GS_ALIAS;
use crate::thread::{STACK_TOP_OFFSET, Tcb, table, tcb_offsets};

/// From rsp, the stack top, to the caller's TCB.
const ME: i64 = -(STACK_TOP_OFFSET as i64);

/// Where the probe of a slot without memory faults, and where it goes on then: see `entry::interrupt`.
pub(crate) fn probe() -> (u64, u64) {
    (
        &raw const pecan_fast_probe as u64,
        faulted as *const () as u64,
    )
}

unsafe extern "C" {
    safe static pecan_fast_probe: u8;
}

/// SYSCALL lands here.
///
/// In: rcx user ip, r11 user flags, rbp number of the call, user stack, user gs, interrupts off; IPC: rsi to, rdx from,
/// r8 timeouts, r9 rax rbx r10 r12-r15 MRs. Out, to the partner's user code: rsi from, rdi MR0's address, MRs; rcx, rdx,
/// rbp, r8, r11 destroyed. Stack: the caller's kernel stack, then the partner's user stack.
///
/// rsp the caller's stack top; rbp the partner's TCB; rdi the user's stack, then the tag's counts and flags; r11 what is
/// uncommon. Nothing is pushed: `entry::frame` has the layout. The caller's saved stack pointer need not be written, since
/// it is that of any thread in user mode: see `arch::x86_64::switch`.
#[unsafe(naked)]
pub(crate) extern "C" fn entry() {
    naked_asm!(
        "swapgs",
        "test ebp, ebp",
        "jnz {other}",
        "mov rdi, rsp",
        "mov rsp, gs:[{stack_top}]",
        #[cfg(feature = "without-home-rule")]
        big_lock::take!(),
        // Who is meant? If the probe faults, the CPU writes where the user's words would be: they come later.
        "mov rbp, rsi",
        #[cfg(not(feature = "without-computed-tcb"))]
        "shr rbp, {shift}
         and ebp, {slots}
         or rbp, gs:[{tcb_array}]",
        #[cfg(feature = "without-computed-tcb")]
        "shr rbp, 32
         and ebp, {numbers}
         mov rbp, [8 * rbp + {directory}]",
        ".globl pecan_fast_probe",
        "pecan_fast_probe: cmp [rbp + {id}], rsi",
        "jne {unknown}",
        "mov [rsp - 16], rdi",
        "mov [rsp - 24], r11",
        "mov [rsp - 40], rcx",
        "mov rcx, gs:[{waiting_here}]",
        #[cfg(not(feature = "without-one-branch"))]
        "cmp [rbp + {home}], rcx
         jne {elsewhere}",
        #[cfg(feature = "without-one-branch")]
        "cmp [rbp + {home}], ecx
         jne {elsewhere}
         mov edi, gs:[{waiting_here} + 4]
         cmp [rbp + {home} + 4], edi
         jne {elsewhere}",
        // Does the partner wait for the caller or for anybody? Is the caller going to?
        "mov rdi, [rbp + {wait}]",
        "cmp rdi, -1",
        "je 2f",
        "cmp rdi, [rsp + {me} + {id}]",
        "jne {general}",
        "2: cmp rdx, rsi",
        "je 3f",
        "cmp rdx, -1",
        "jne {one_way}",
        // A receive timeout, resources of either, senders that wait for the caller.
        #[cfg(not(feature = "without-one-branch"))]
        "3: movzx r11d, r8w
         or r11d, [rsp + {me} + {resources}]
         or r11d, [rbp + {resources}]
         or r11, [rsp + {me} + {senders}]
         jnz {uncommon}",
        #[cfg(feature = "without-one-branch")]
        "3: test r8w, r8w
         jnz {uncommon}
         cmp dword ptr [rsp + {me} + {resources}], 0
         jne {uncommon}
         cmp dword ptr [rbp + {resources}], 0
         jne {uncommon}
         cmp qword ptr [rsp + {me} + {senders}], 0
         jne {uncommon}
         test r9w, {typed}
         jnz {uncommon}
         test r9w, {flags}
         jnz {uncommon}",
        // More words than registers, typed items, flags.
        "movzx edi, r9w",
        #[cfg(not(feature = "without-registers"))]
        "cmp edi, 7
         ja 6f",
        // The stub stores and loads the words, and the tag alone is in a register.
        #[cfg(feature = "without-registers")]
        "mov ecx, edi
         cmp edi, 63
         ja {uncommon}
         mov rsi, [rsp + {me} + {utcb}]
         mov rdi, [rbp + {utcb}]
         add rsi, 8
         add rdi, 8
         rep movsq
         mov rcx, gs:[{waiting_here}]",
        // Point of no return. The caller waits, the partner is ready.
        "4: mov [rsp + {me} + {wait}], rdx",
        "mov [rsp + {me} + {home}], rcx",
        "mov rcx, gs:[{ready_here}]",
        "mov [rbp + {home}], rcx",
        "mov qword ptr [rbp + {deadline}], -1",
        // The partner's space; the caller's name as the partner sees it.
        "mov rcx, [rbp + {root}]",
        "mov rsi, [rsp + {me} + {local_id}]",
        "cmp rcx, [rsp + {me} + {root}]",
        "je 5f",
        "mov rsi, [rsp + {me} + {id}]",
        "mov gs:[{loaded}], rcx",
        "mov cr3, rcx",
        "5: mov rdi, [rbp + {local_id}]",
        "mov rdx, gs:[{user_gs}]",
        "mov [rdx + {alias}], rdi",
        "lea rcx, [rbp + {top}]",
        "mov gs:[{stack_top}], rcx",
        "mov rcx, [rbp + {top} - 40]",
        "mov r11, [rbp + {top} - 24]",
        "mov rsp, [rbp + {top} - 16]",
        #[cfg(feature = "without-home-rule")]
        big_lock::give!(),
        "swapgs",
        ".globl pecan_exit_fast",
        "pecan_exit_fast: wrgsbase rdx",
        "sysretq",
        // The words beyond the registers.
        #[cfg(not(feature = "without-registers"))]
        "6: cmp edi, 63
         ja {uncommon}
         lea ecx, [rdi - 7]
         mov rsi, [rsp + {me} + {utcb}]
         mov rdi, [rbp + {utcb}]
         add rsi, 64
         add rdi, 64
         rep movsq
         mov rcx, gs:[{waiting_here}]
         jmp 4b",
        other = sym other_call,
        unknown = sym unknown,
        general = sym general,
        one_way = sym one_way,
        elsewhere = sym elsewhere,
        uncommon = sym uncommon,
        stack_top = const STACK_TOP,
        #[cfg(not(feature = "without-computed-tcb"))]
        tcb_array = const TCB_ARRAY,
        waiting_here = const WAITING_HERE,
        ready_here = const READY_HERE,
        loaded = const LOADED_ROOT,
        user_gs = const USER_GS,
        alias = const USER_GS_ALIAS,
        top = const STACK_TOP_OFFSET,
        me = const ME,
        #[cfg(not(feature = "without-computed-tcb"))]
        shift = const table::ID_SHIFT,
        #[cfg(not(feature = "without-computed-tcb"))]
        slots = const table::SLOT_MASK,
        #[cfg(feature = "without-computed-tcb")]
        numbers = const table::THREADS - 1,
        #[cfg(feature = "without-computed-tcb")]
        directory = sym crate::thread::directory::BLOCKS,
        id = const tcb_offsets::ID,
        home = const tcb_offsets::HOME,
        wait = const offset_of!(Tcb, wait),
        resources = const offset_of!(Tcb, resources),
        senders = const offset_of!(Tcb, senders),
        deadline = const offset_of!(Tcb, deadline),
        root = const tcb_offsets::ROOT,
        local_id = const tcb_offsets::LOCAL_ID,
        utcb = const tcb_offsets::UTCB,
        #[cfg(feature = "without-one-branch")]
        typed = const pecan_abi::tag::Tag::TYPED_MASK,
        #[cfg(feature = "without-one-branch")]
        flags = const pecan_abi::tag::Tag::FLAGS,
        #[cfg(feature = "without-home-rule")]
        lock = sym big_lock::LOCK,
    )
}
