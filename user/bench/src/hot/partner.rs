//! Loops that answer, or give way.

use core::arch::naked_asm;

/// Send timeout zero, receive timeout never: how a server answers.
const ANSWER_TIMEOUTS: u64 = 0x0400_0000;

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
