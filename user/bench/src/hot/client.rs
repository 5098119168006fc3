//! Loops that call, send or yield, and take the time.

use core::arch::naked_asm;
use core::mem::offset_of;

use l4::abi::marker::{CLOSE, OPEN};

use super::{close_clock, open_clock, pop_kept, push_kept};

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

/// The loop of a client, with the line that says, for the server in rsi, whom the last system call of a round receives from.
macro_rules! client {
    ($from:expr) => {
        naked_asm!(
            push_kept!(),
            "push rdi",
            "push qword ptr [rdi + {stub}]",
            "push qword ptr [rdi + {seen}]",
            "push qword ptr [rdi + {tag}]",
            "push qword ptr [rdi + {server}]",
            "push qword ptr [rdi + {rounds}]",
            "mov rdi, gs:[0]",
            open_clock!(),
            "2:",
            "mov r9, [rsp + 24]",
            "mov rsi, [rsp + 16]",
            $from,
            "xor r8d, r8d",
            "call [rsp + 40]",
            "or [rsp + 32], r9",
            "dec qword ptr [rsp + 8]",
            "jnz 2b",
            close_clock!(),
            "pop rcx",
            "pop rsi",
            "pop rsi",
            "pop rsi",
            "pop rdx",
            "pop rdi",
            "mov [rdi + {rounds}], rcx",
            "mov [rdi + {seen}], rsi",
            pop_kept!(),
            "ret",
            rounds = const offset_of!(Calls, rounds),
            server = const offset_of!(Calls, server),
            tag = const offset_of!(Calls, tag),
            seen = const offset_of!(Calls, seen),
            stub = const offset_of!(Calls, stub),
            open = const OPEN,
            close = const CLOSE,
        )
    };
}

/// One system call sends the request and receives the answer.
#[cfg(not(feature = "without-combined-calls"))]
macro_rules! combined {
    () => {
        "mov rdx, rsi"
    };
}

/// The request is sent by a system call of its own.
macro_rules! separate {
    () => {
        "xor edx, edx
         xor r8d, r8d
         call [rsp + 40]
         xor esi, esi
         mov rdx, [rsp + 16]"
    };
}

/// Calls the server `rounds` times, at least once, without timeouts, and returns the time-stamp ticks that it took.
///
/// MR1 to MR7 are sent as they happen to be, MR8 onwards come from the UTCB.
///
/// # Safety
/// `frame` is valid and its stub is that of Ipc; the thread accepts neither mappings nor strings.
#[unsafe(naked)]
pub(crate) unsafe extern "C" fn calls(frame: *mut Calls) -> u64 {
    #[cfg(not(feature = "without-combined-calls"))]
    client!(combined!());
    #[cfg(feature = "without-combined-calls")]
    client!(separate!());
}

/// As [`calls`], with two system calls for each.
///
/// # Safety
/// As [`calls`].
#[unsafe(naked)]
pub(crate) unsafe extern "C" fn calls_in_two(frame: *mut Calls) -> u64 {
    client!(separate!())
}

/// Makes Pecan's null call `rounds` times, at least once, and returns the time-stamp ticks that it took.
///
/// # Safety
/// `stub` is that of Pecan's control call.
#[unsafe(naked)]
pub(crate) unsafe extern "C" fn nulls(stub: u64, rounds: u64) -> u64 {
    naked_asm!(
        push_kept!(),
        "push rdi",
        "push rsi",
        open_clock!(),
        "2:",
        "xor edi, edi",
        "call [rsp + 16]",
        "dec qword ptr [rsp + 8]",
        "jnz 2b",
        close_clock!(),
        "pop rcx",
        "pop rcx",
        pop_kept!(),
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
