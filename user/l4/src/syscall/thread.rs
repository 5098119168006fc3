//! ThreadControl, ExchangeRegisters, Schedule and ThreadSwitch.

use core::arch::asm;
use core::mem::offset_of;

use super::stubs::{STUBS, Stubs};

/// The ThreadControl system call: creates, changes, moves, starts or deletes a thread.
///
/// All arguments are raw words; `utcb` is the address of the UTCB or all ones for "not given".
/// Returns 1, or 0 with the reason in the UTCB's ErrorCode.
///
/// # Safety
/// No thread that is changed or deleted owns Rust values that others still rely on, and nothing but
/// the kernel and the new thread uses the memory at `utcb`.
#[inline]
pub unsafe fn thread_control(dest: u64, space: u64, scheduler: u64, pager: u64, utcb: u64) -> u64 {
    let result;
    // SAFETY: the effects are the caller's promise; all registers the stub may destroy are declared.
    unsafe {
        asm!(
            "push rbp",
            "push rbx",
            "call qword ptr [rip + {stubs} + {stub}]",
            "pop rbx",
            "pop rbp",
            stubs = sym STUBS,
            stub = const offset_of!(Stubs, thread_control),
            inlateout("rdi") dest => _,
            inlateout("r8") space => _,
            inlateout("rdx") scheduler => _,
            inlateout("rsi") pager => _,
            inlateout("r9") utcb => _,
            lateout("rax") result,
            lateout("rcx") _, lateout("r10") _, lateout("r11") _, lateout("r12") _,
            lateout("r13") _, lateout("r14") _, lateout("r15") _,
        );
    }
    result
}

/// The register values of ExchangeRegisters, going in and coming out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Registers {
    /// In: control bits (which values below to set, whom to abort). Out: bit 0 was halted, bit 1 was
    /// receiving, bit 2 was sending.
    pub control: u64,
    /// Stack pointer.
    pub sp: u64,
    /// Instruction pointer.
    pub ip: u64,
    /// RFLAGS; only the arithmetic flags are taken over.
    pub flags: u64,
    /// User-defined handle.
    pub handle: u64,
    /// Raw id of the pager.
    pub pager: u64,
}

/// The ExchangeRegisters system call on thread `dest` (raw id).
///
/// Returns the other id form of `dest` (local for global and the reverse) and the old values; id 0
/// means refused, with the reason in the UTCB's ErrorCode.
///
/// # Safety
/// A thread that gets a new instruction or stack pointer finds code and a stack of its own there,
/// and no Rust frame that is thereby abandoned is needed again.
#[inline]
pub unsafe fn exchange_registers(dest: u64, new: Registers) -> (u64, Registers) {
    let result;
    let mut old = Registers::default();
    // SAFETY: the effects are the caller's promise; all registers the stub may destroy are declared.
    unsafe {
        asm!(
            "push rbp",
            "push rbx",
            "call qword ptr [rip + {stubs} + {stub}]",
            "pop rbx",
            "pop rbp",
            stubs = sym STUBS,
            stub = const offset_of!(Stubs, exchange_registers),
            inlateout("rax") dest => result,
            inlateout("rsi") new.control => old.control,
            inlateout("rdx") new.sp => old.sp,
            inlateout("r8") new.ip => old.ip,
            inlateout("r9") new.flags => old.flags,
            inlateout("r10") new.handle => old.handle,
            inlateout("rdi") new.pager => old.pager,
            lateout("rcx") _, lateout("r11") _, lateout("r12") _, lateout("r13") _,
            lateout("r14") _, lateout("r15") _,
        );
    }
    (result, old)
}

/// The Schedule system call on thread `dest` (raw id); all ones in a control word leaves it as it is.
///
/// Returns the thread's state before the call (0: refused, see ErrorCode) and the old time control.
/// It cannot break memory safety, so it is safe.
#[inline]
pub fn schedule(
    dest: u64,
    time: u64,
    processor: u64,
    priority: u64,
    preemption: u64,
) -> (u64, u64) {
    let (result, old_time);
    // SAFETY: only scheduling parameters change; all registers the stub may destroy are declared.
    unsafe {
        asm!(
            "push rbp",
            "push rbx",
            "call qword ptr [rip + {stubs} + {stub}]",
            "pop rbx",
            "pop rbp",
            stubs = sym STUBS,
            stub = const offset_of!(Stubs, schedule),
            inlateout("rdi") dest => _,
            inlateout("rdx") time => old_time,
            inlateout("r8") processor => _,
            inlateout("rsi") priority => _,
            inlateout("r9") preemption => _,
            lateout("rax") result,
            lateout("rcx") _, lateout("r10") _, lateout("r11") _, lateout("r12") _,
            lateout("r13") _, lateout("r14") _, lateout("r15") _,
        );
    }
    (result, old_time)
}

/// The ThreadSwitch system call: donates the time slice to `dest` (raw id), or yields if it is nil.
#[inline(always)]
pub fn thread_switch(dest: u64) {
    // SAFETY: only the order of execution changes; all registers the stub may destroy are declared.
    unsafe {
        asm!(
            "push rbp",
            "push rbx",
            "call qword ptr [rip + {stubs} + {stub}]",
            "pop rbx",
            "pop rbp",
            stubs = sym STUBS,
            stub = const offset_of!(Stubs, thread_switch),
            inlateout("rdi") dest => _,
            lateout("rax") _, lateout("rcx") _, lateout("rdx") _, lateout("rsi") _,
            lateout("r8") _, lateout("r9") _, lateout("r10") _, lateout("r11") _,
            lateout("r12") _, lateout("r13") _, lateout("r14") _, lateout("r15") _,
        );
    }
}
