//! The first instructions of every thread but the first.

use core::arch::naked_asm;

use super::myself;
use crate::{ipc, pager, utcb};

/// What a thread runs.
pub type Function = fn(u64);

/// Lays function and argument on the stack that ends at `top`, where [`thread_entry`] finds them.
/// Returns the stack pointer to start with.
///
/// # Safety
/// `top` is 16-byte aligned and ends a stack that nobody else uses.
pub(super) unsafe fn prepare(top: *mut u64, function: Function, argument: u64) -> u64 {
    let frame = top.wrapping_sub(2).cast::<[u64; 2]>();
    // SAFETY: the two words below the top belong to the new thread's stack.
    unsafe { frame.write([function as usize as u64, argument]) };
    top as u64 - 16
}

/// Address of the first instruction of a new thread.
pub(super) fn start_address() -> u64 {
    thread_entry as *const () as u64
}

/// Takes what [`prepare`] left. A new thread's registers are undefined but for RIP and RSP.
#[unsafe(naked)]
extern "C" fn thread_entry() -> ! {
    naked_asm!(
        "pop rdi",
        "pop rsi",
        "xor ebp, ebp",
        "cld",
        "call {run}",
        "ud2",
        run = sym run,
    )
}

/// Runs the function; then the thread waits for ever, until somebody deletes it.
#[expect(
    improper_ctypes_definitions,
    reason = "called only by the assembler above, with one register each"
)]
extern "C" fn run(function: Function, argument: u64) -> ! {
    let pager = pager::running();
    // The pager reports exceptions; a thread without a handler is halted without a word.
    if !pager.is_nil() && pager != myself() {
        utcb::my().set_exception_handler(pager);
    }
    function(argument);
    ipc::park()
}
