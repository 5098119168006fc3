//! SystemClock, ProcessorControl, and Pecan's own control call.

use core::arch::asm;
use core::mem::offset_of;

use super::stubs::{STUBS, Stubs, has_control};

/// Two result words (RAX and RDX).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pair {
    /// The word in RAX, as a rule the verdict.
    pub first: u64,
    /// The word in RDX.
    pub second: u64,
}

/// The SystemClock system call: microseconds since boot.
#[inline]
#[must_use]
pub fn system_clock() -> u64 {
    let micros;
    // SAFETY: only reads the clock; all registers the stub may destroy are declared.
    unsafe {
        asm!(
            "push rbp",
            "push rbx",
            "call qword ptr [rip + {stubs} + {stub}]",
            "pop rbx",
            "pop rbp",
            stubs = sym STUBS,
            stub = const offset_of!(Stubs, system_clock),
            lateout("rax") micros,
            lateout("rcx") _, lateout("rdx") _, lateout("rsi") _, lateout("rdi") _,
            lateout("r8") _, lateout("r9") _, lateout("r10") _, lateout("r11") _,
            lateout("r12") _, lateout("r13") _, lateout("r14") _, lateout("r15") _,
        );
    }
    micros
}

/// The ProcessorControl system call: frequencies in kHz, `voltage` in the platform's own unit.
/// Returns 1, or 0 with the reason in ErrorCode.
#[inline]
pub fn processor_control(processor: u64, internal: u64, external: u64, voltage: u64) -> u64 {
    let result;
    // SAFETY: changes no memory; all registers the stub may destroy are declared.
    unsafe {
        asm!(
            "push rbp",
            "push rbx",
            "call qword ptr [rip + {stubs} + {stub}]",
            "pop rbx",
            "pop rbp",
            stubs = sym STUBS,
            stub = const offset_of!(Stubs, processor_control),
            inlateout("rdi") processor => _,
            inlateout("rsi") internal => _,
            inlateout("rdx") external => _,
            inlateout("r8") voltage => _,
            lateout("rax") result,
            lateout("rcx") _, lateout("r9") _, lateout("r10") _, lateout("r11") _,
            lateout("r12") _, lateout("r13") _, lateout("r14") _, lateout("r15") _,
        );
    }
    result
}

/// Pecan's control call: operation `op` with up to four argument words.
///
/// `first` is all ones when the call is refused (see ErrorCode) or the kernel has no such call.
#[inline(always)]
pub fn control(op: u64, arguments: [u64; 4]) -> Pair {
    let (first, second);
    if !has_control() {
        return Pair {
            first: u64::MAX,
            second: 0,
        };
    }
    // SAFETY: no operation changes user memory; all registers the stub may destroy are declared.
    unsafe {
        asm!(
            "push rbp",
            "push rbx",
            "call qword ptr [rip + {stubs} + {stub}]",
            "pop rbx",
            "pop rbp",
            stubs = sym STUBS,
            stub = const offset_of!(Stubs, control),
            inlateout("rdi") op => _,
            inlateout("rsi") arguments[0] => _,
            inlateout("rdx") arguments[1] => second,
            inlateout("r8") arguments[2] => _,
            inlateout("r9") arguments[3] => _,
            lateout("rax") first,
            lateout("rcx") _, lateout("r10") _, lateout("r11") _, lateout("r12") _,
            lateout("r13") _, lateout("r14") _, lateout("r15") _,
        );
    }
    Pair { first, second }
}
