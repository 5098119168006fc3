//! Copying strings, interrupts on: the only code of the kernel that touches memory where users say it is.
//!
//! ```text
//! first .. last   may be interrupted anywhere, and may fault: the registers say how far it got
//! last            interrupts off again; whoever wants the copy to end sends it here
//! ```
//! Words go over eight bytes at a time. One that lies across the end of a page goes byte by byte if it faults, so that
//! all bytes below the fault have gone over.

use core::arch::naked_asm;

use super::entry::frame::Frame;

unsafe extern "C" {
    safe static pecan_copy_first: u8;
    safe static pecan_copy_words: u8;
    safe static pecan_copy_last: u8;
    safe static pecan_copy_across: u8;
    safe static pecan_copy_end: u8;
}

/// Copies up to `length` bytes in ascending order from `from` to `to`, with interrupts on; they are off before and
/// after. Returns how many bytes went over: fewer if the copy was sent to its end.
///
/// Both stretches are user memory, or memory that a window shows: [`faults_here`] says whether a fault is this one's.
/// In: rdi to, rsi from, rdx length. Out: rax bytes. Clobbers rcx, rdx, rsi, rdi, r8, r9. Stack: the caller's.
#[unsafe(naked)]
extern "sysv64" fn copy(to: u64, from: u64, length: u64) -> u64 {
    naked_asm!(
        "mov r9, rdi",
        "mov rcx, rdx",
        "shr rcx, 3",
        "and edx, 7",
        ".globl pecan_copy_open",
        "pecan_copy_open: stac",
        "sti",
        ".globl pecan_copy_first",
        "pecan_copy_first:",
        ".globl pecan_copy_words",
        "pecan_copy_words: rep movsq",
        "mov ecx, edx",
        "rep movsb",
        ".globl pecan_copy_last",
        "pecan_copy_last: cli",
        ".globl pecan_copy_close",
        "pecan_copy_close: clac",
        "mov rax, rdi",
        "sub rax, r9",
        "ret",
        // One word, byte by byte; r8 are the words with it.
        ".globl pecan_copy_across",
        "pecan_copy_across: mov r8, rcx",
        "mov ecx, 8",
        "rep movsb",
        "lea rcx, [r8 - 1]",
        ".globl pecan_copy_end",
        "pecan_copy_end: jmp pecan_copy_words",
    )
}

/// As [`copy`], for who has made sure of the stretches: they lie in the user range or in this CPU's window, and the
/// running thread is in a transfer.
pub(crate) fn bytes(to: u64, from: u64, length: u64) -> u64 {
    copy(to, from, length)
}

/// Whether the kernel was interrupted, or faulted, in the middle of a copy.
#[inline]
pub(crate) fn is_in_copy(frame: &Frame) -> bool {
    // Behind `last` interrupts are off, and nothing faults.
    (&raw const pecan_copy_first as u64..=&raw const pecan_copy_end as u64).contains(&frame.ip)
}

/// How many bytes the interrupted copy has moved.
pub(crate) fn progress(frame: &Frame) -> u64 {
    frame.rdi - frame.r9
}

/// The interrupted copy ends when it goes on, with what it has moved.
pub(crate) fn end(frame: &mut Frame) {
    frame.ip = &raw const pecan_copy_last as u64;
}

/// If the copy faulted with a word that lies across the end of a page, lets it go on byte by byte. False: it did not.
pub(crate) fn goes_across(frame: &mut Frame) -> bool {
    let crosses = |address: u64| address % 4096 > 4096 - 8;
    let word = frame.ip == &raw const pecan_copy_words as u64;
    if word && (crosses(frame.rsi) || crosses(frame.rdi)) {
        frame.ip = &raw const pecan_copy_across as u64;
        return true;
    }
    false
}

/// Whether the copy has just faulted at the end of a page, and goes on byte by byte.
#[cfg(any(
    feature = "without-window-but-buffer",
    feature = "without-window-but-walk"
))]
pub(crate) fn has_gone_across(frame: &Frame) -> bool {
    const PAGE_FAULT: u64 = 14;
    frame.vector == PAGE_FAULT && frame.ip == &raw const pecan_copy_across as u64
}
