//! Debug registers: breakpoints on code and data, single steps.
//!
//! Each thread has debug registers of its own. It sets them itself, with [`set`]; a debugger, that is the thread's exception
//! handler, lets it execute [`load`] for that: see there. What fires is exception 1 of the thread that did it. Only the
//! thread's own instructions fire, not what the kernel copies for it.
//!
//! [`crate::exception::TRAP_FLAG`] in the flags of an answer lets a thread go one instruction further; it needs no debug
//! register.

use core::arch::{asm, naked_asm};

use crate::exception::{Exception, register};

/// What a breakpoint waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum On {
    /// The instruction that begins at the address. It has not been executed when the exception comes, and the answer has to
    /// set [`crate::exception::RESUME_FLAG`], or it comes again.
    Execute,
    /// Writes. The exception comes after the instruction, as for all data.
    Write,
    /// Reads and writes.
    Access,
}

/// A breakpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Breakpoint {
    /// What it waits for.
    pub on: On,
    /// Where; aligned to `length`. Addresses of the kernel are refused.
    pub address: u64,
    /// Bytes: 1, 2, 4 or 8; 1 for instructions.
    pub length: u64,
}

/// DR6: a single step; bits 0 to 3 are breakpoints.
pub const SINGLE_STEP: u64 = 1 << 14;

/// The value of DR7 with these breakpoints, the first in DR0.
pub fn control(breakpoints: &[Option<Breakpoint>; 4]) -> u64 {
    breakpoints
        .iter()
        .enumerate()
        .filter_map(|(number, breakpoint)| breakpoint.map(|breakpoint| (number, breakpoint)))
        .fold(0, |control, (number, breakpoint)| {
            let condition = match breakpoint.on {
                On::Execute => 0,
                On::Write => 1,
                On::Access => 3,
            };
            let length = match breakpoint.length {
                8 => 2,
                length => length - 1,
            };
            control | 1 << (2 * number) | (length << 2 | condition) << (16 + 4 * number)
        })
}

fn addresses(breakpoints: &[Option<Breakpoint>; 4]) -> [u64; 4] {
    breakpoints.map(|breakpoint| breakpoint.map_or(0, |breakpoint| breakpoint.address))
}

/// Sets the breakpoints of this thread; those that are not given are off. What cannot be set raises exception 13 here.
pub fn set(breakpoints: &[Option<Breakpoint>; 4]) {
    let [first, second, third, fourth] = addresses(breakpoints);
    // SAFETY: debug registers are the thread's own, and change nothing that the program computes.
    unsafe {
        asm!(
            "mov dr7, {none}",
            "mov dr0, {first}",
            "mov dr1, {second}",
            "mov dr2, {third}",
            "mov dr3, {fourth}",
            "mov dr7, {control}",
            none = in(reg) 0u64,
            first = in(reg) first,
            second = in(reg) second,
            third = in(reg) third,
            fourth = in(reg) fourth,
            control = in(reg) control(breakpoints),
            options(nostack, preserves_flags),
        );
    }
}

/// DR6 of this thread: what has fired since it was cleared, [`SINGLE_STEP`] or breakpoints 0 to 3. Clears it.
pub fn take_status() -> u64 {
    let status: u64;
    // SAFETY: as in `set`.
    unsafe {
        asm!("mov {0}, dr6", "mov dr6, {1}", out(reg) status, in(reg) 0u64, options(nostack, preserves_flags));
    }
    status & (SINGLE_STEP | 0xF)
}

/// A debugger's order to a thread that waits for its answer: registers with which it sets these breakpoints, and raises
/// exception 3, in which [`loaded`] finds what had fired before. Then the debugger answers with the registers that it saved
/// from the first exception. The thread runs the same program.
///
/// This is the only way: the interface has no call that changes another thread's debug registers.
pub fn load(breakpoints: &[Option<Breakpoint>; 4], thread: &Exception) -> Exception {
    let mut order = *thread;
    let [first, second, third, fourth] = addresses(breakpoints);
    for (number, value) in [
        (register::RIP, load_here as *const () as u64),
        (register::RDI, first),
        (register::RSI, second),
        (register::RDX, third),
        (register::RCX, fourth),
        (register::RAX, control(breakpoints)),
    ] {
        order.set(number, value);
    }
    order.set_flag(crate::exception::TRAP_FLAG, false);
    order
}

/// Whether `exception` is the end of [`load`], and what had fired: as [`take_status`].
pub fn loaded(exception: &Exception) -> Option<u64> {
    let here = exception.vector() == 3
        && exception.get(register::RIP) == load_here as *const () as u64 + LOAD_LENGTH;
    here.then(|| exception.get(register::RBX) & (SINGLE_STEP | 0xF))
}

/// Bytes of [`load_here`] up to the end of its INT3.
const LOAD_LENGTH: u64 = 7 * 3 + 2 + 1;

/// What a debuggee executes for its debugger.
///
/// In: rdi rsi rdx rcx addresses, rax control. Out: rbx DR6 as it was; rax 0. No stack.
#[unsafe(naked)]
extern "C" fn load_here() {
    naked_asm!(
        "mov rbx, dr6",
        "mov dr0, rdi",
        "mov dr1, rsi",
        "mov dr2, rdx",
        "mov dr3, rcx",
        "mov dr7, rax",
        "xor eax, eax",
        "mov dr6, rax",
        "int3",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_words() {
        let watch = |on, length| {
            Some(Breakpoint {
                on,
                address: 0x1000,
                length,
            })
        };
        assert_eq!(control(&[None; 4]), 0);
        assert_eq!(control(&[watch(On::Execute, 1), None, None, None]), 1);
        assert_eq!(
            control(&[None, watch(On::Write, 8), None, None]),
            4 | 0b1001 << 20
        );
        assert_eq!(
            control(&[None, None, watch(On::Access, 4), watch(On::Write, 2)]),
            0x50 | 0b1111 << 24 | 0b0101 << 28
        );
    }
}
