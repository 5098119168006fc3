//! The measured loops, in assembler so that the compiler adds nothing to them.
//!
//! Instructions of the loops themselves, per round, which are part of every figure:
//!
//! | loop | instructions |
//! |---|---:|
//! | [`calls`], the client | 8, one of them to notice errors |
//! | [`echo`], the server | 5 |
//! | [`gives`], the pager | 7 |
//! | [`nulls`] | 4 |
//! | [`yields`] and [`yield_back`] | 4 + 4, one of them to count |
//! | [`sends`], another client | 11 |
//! | [`stamps`], the interrupted thread | 0 to 4, as it comes |
//! | [`longest_gap`] | 0 |
//!
//! Each includes the `call` into the kernel's stub; the stub's own instructions come on top. Reading the
//! time-stamp counter adds 5 per batch. The clock reads that bound what is measured are marked for those who count from
//! outside ([`marker`](l4::abi::marker)).
//!
//! Stubs may destroy all registers but RSP (Ipc also keeps RDI), so what a loop needs lies on the stack.

use core::arch::{asm, naked_asm};
use core::mem::offset_of;

use l4::abi::marker::{CLOSE, OPEN, ROW};

/// Send timeout zero, receive timeout never: how a server answers.
const ANSWER_TIMEOUTS: u64 = 0x0400_0000;

/// What [`calls`] works on.
#[repr(C)]
pub(crate) struct Calls {
    /// Round trips left; 0 afterwards.
    pub(crate) rounds: u64,
    /// Raw id of the server.
    pub(crate) server: u64,
    /// Raw tag of each request.
    pub(crate) tag: u64,
    /// All tags received, ORed.
    pub(crate) seen: u64,
    /// Address of the Ipc stub.
    pub(crate) stub: u64,
}

/// Calls the server `rounds` times, at least once, without timeouts, and returns the time-stamp ticks that it took.
///
/// MR1 to MR7 are sent as they happen to be, MR8 onwards come from the UTCB.
///
/// # Safety
/// `frame` is valid and its stub is that of Ipc; the thread accepts neither mappings nor strings.
#[unsafe(naked)]
pub(crate) unsafe extern "C" fn calls(frame: *mut Calls) -> u64 {
    naked_asm!(
        "push rbp",
        "push rbx",
        "push r12",
        "push r13",
        "push r14",
        "push r15",
        "push rdi",
        "push qword ptr [rdi + {stub}]",
        "push qword ptr [rdi + {seen}]",
        "push qword ptr [rdi + {tag}]",
        "push qword ptr [rdi + {server}]",
        "push qword ptr [rdi + {rounds}]",
        "mov rdi, gs:[0]",
        ".byte {open}",
        "rdtsc",
        "shl rdx, 32",
        "or rax, rdx",
        "push rax",
        "2:",
        "mov r9, [rsp + 24]",
        "mov rsi, [rsp + 16]",
        #[cfg(not(feature = "without-combined-calls"))]
        "mov rdx, rsi",
        #[cfg(feature = "without-combined-calls")]
        "xor edx, edx
         xor r8d, r8d
         call [rsp + 40]
         xor esi, esi
         mov rdx, [rsp + 16]",
        "xor r8d, r8d",
        "call [rsp + 40]",
        "or [rsp + 32], r9",
        "dec qword ptr [rsp + 8]",
        "jnz 2b",
        ".byte {close}",
        "rdtsc",
        "shl rdx, 32",
        "or rax, rdx",
        "pop rcx",
        "sub rax, rcx",
        "pop rcx",
        "pop rsi",
        "pop rsi",
        "pop rsi",
        "pop rdx",
        "pop rdi",
        "mov [rdi + {rounds}], rcx",
        "mov [rdi + {seen}], rsi",
        "pop r15",
        "pop r14",
        "pop r13",
        "pop r12",
        "pop rbx",
        "pop rbp",
        "ret",
        rounds = const offset_of!(Calls, rounds),
        server = const offset_of!(Calls, server),
        tag = const offset_of!(Calls, tag),
        seen = const offset_of!(Calls, seen),
        stub = const offset_of!(Calls, stub),
        open = const OPEN,
        close = const CLOSE,
    )
}

/// Answers `client` with `tag`, then everyone who calls, for ever. The words of the answer are those of the request.
///
/// A failed answer returns the nil thread, so that the next round only waits.
///
/// # Safety
/// `stub` is that of Ipc; what the thread accepts goes where nothing is.
#[unsafe(naked)]
pub(crate) unsafe extern "C" fn echo(stub: u64, tag: u64, client: u64) -> ! {
    naked_asm!(
        "push rsi",
        "push rdi",
        "mov rsi, rdx",
        "mov rdi, gs:[0]",
        "2:",
        "mov r9, [rsp + 8]",
        // The client may not wait yet.
        #[cfg(feature = "without-combined-calls")]
        "xor edx, edx
         xor r8d, r8d
         call [rsp]
         xor esi, esi",
        "mov rdx, -1",
        "mov r8d, {timeouts}",
        "call [rsp]",
        "jmp 2b",
        timeouts = const ANSWER_TIMEOUTS,
    )
}

/// Answers everyone who calls with the two words of a map item, for ever.
///
/// # Safety
/// `stub` is that of Ipc; the thread accepts neither mappings nor strings.
#[unsafe(naked)]
pub(crate) unsafe extern "C" fn gives(stub: u64, tag: u64, send_base: u64, page: u64) -> ! {
    naked_asm!(
        "push rcx",
        "push rdx",
        "push rsi",
        "push rdi",
        "xor esi, esi",
        "mov rdi, gs:[0]",
        "2:",
        "mov r9, [rsp + 8]",
        "mov rax, [rsp + 16]",
        "mov rbx, [rsp + 24]",
        "mov rdx, -1",
        "mov r8d, {timeouts}",
        "call [rsp]",
        "jmp 2b",
        timeouts = const ANSWER_TIMEOUTS,
    )
}

/// Makes Pecan's null call `rounds` times, at least once, and returns the time-stamp ticks that it took.
///
/// # Safety
/// `stub` is that of Pecan's control call.
#[unsafe(naked)]
pub(crate) unsafe extern "C" fn nulls(stub: u64, rounds: u64) -> u64 {
    naked_asm!(
        "push rbp",
        "push rbx",
        "push r12",
        "push r13",
        "push r14",
        "push r15",
        "push rdi",
        "push rsi",
        ".byte {open}",
        "rdtsc",
        "shl rdx, 32",
        "or rax, rdx",
        "push rax",
        "2:",
        "xor edi, edi",
        "call [rsp + 16]",
        "dec qword ptr [rsp + 8]",
        "jnz 2b",
        ".byte {close}",
        "rdtsc",
        "shl rdx, 32",
        "or rax, rdx",
        "pop rcx",
        "sub rax, rcx",
        "pop rcx",
        "pop rcx",
        "pop r15",
        "pop r14",
        "pop r13",
        "pop r12",
        "pop rbx",
        "pop rbp",
        "ret",
        open = const OPEN,
        close = const CLOSE,
    )
}

/// Yields `rounds` times, at least once, and returns the time-stamp ticks that it took.
///
/// # Safety
/// `stub` is that of ThreadSwitch.
pub(crate) unsafe fn yields(stub: u64, rounds: u64) -> u64 {
    // SAFETY: the loop is that of the null call: one call with 0 in RDI, which here is the nil thread, and the stubs
    // may destroy the same registers.
    unsafe { nulls(stub, rounds) }
}

/// Yields for ever and counts in [`TURNS`](crate::partner::TURNS) how often it was this thread's turn.
///
/// # Safety
/// `stub` is that of ThreadSwitch.
#[unsafe(naked)]
pub(crate) unsafe extern "C" fn yield_back(stub: u64) -> ! {
    naked_asm!(
        "push rdi",
        "2:",
        "xor edi, edi",
        "call [rsp]",
        "inc qword ptr [rip + {turns}]",
        "jmp 2b",
        turns = sym crate::partner::TURNS,
    )
}

/// Sends to the server and receives from it `rounds` times, at least once, without timeouts and words, and returns the time-stamp ticks
/// that it took.
///
/// # Safety
/// `stub` is that of Ipc; the thread accepts neither mappings nor strings.
#[unsafe(naked)]
pub(crate) unsafe extern "C" fn sends(stub: u64, server: u64, rounds: u64) -> u64 {
    naked_asm!(
        "push rbp",
        "push rbx",
        "push r12",
        "push r13",
        "push r14",
        "push r15",
        "push rdi",
        "push rsi",
        "push rdx",
        "mov rdi, gs:[0]",
        ".byte {open}",
        "rdtsc",
        "shl rdx, 32",
        "or rax, rdx",
        "push rax",
        "2:",
        "xor r9d, r9d",
        "mov rsi, [rsp + 16]",
        "xor edx, edx",
        "xor r8d, r8d",
        "call [rsp + 24]",
        "xor esi, esi",
        "mov rdx, [rsp + 16]",
        "xor r8d, r8d",
        "call [rsp + 24]",
        "dec qword ptr [rsp + 8]",
        "jnz 2b",
        ".byte {close}",
        "rdtsc",
        "shl rdx, 32",
        "or rax, rdx",
        "pop rcx",
        "sub rax, rcx",
        "add rsp, 24",
        "pop r15",
        "pop r14",
        "pop r13",
        "pop r12",
        "pop rbx",
        "pop rbp",
        "ret",
        open = const OPEN,
        close = const CLOSE,
    )
}

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
