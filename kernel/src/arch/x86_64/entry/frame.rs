//! What lies on a kernel stack when user code has entered the kernel.
//!
//! ```text
//! top        end of the thread's block
//! top -  8   ss      written once, like cs; every entry leaves the user selectors here
//! top - 16   rsp
//! top - 24   rflags
//! top - 32   cs
//! top - 40   rip     <- UserFrame
//! top - 48   error code, or nothing (a system call)
//! top - 56   vector
//! top -176   r15     <- Frame (exceptions)
//! ```
//! Interrupts of user code save only what Rust functions do not keep, from top - 48 on. A page fault of user code has all
//! registers below the user frame, and below them what is said aside ([`FaultFrame`]).

use core::mem::offset_of;

use crate::thread::aside::{ASIDE_MR0, Aside};

/// Bytes that the user frame takes at the stack's top, padding included.
pub(crate) const RESERVED: u64 = 48;

/// The five words with which the CPU returns to user mode.
#[repr(C)]
pub(crate) struct UserFrame {
    pub(crate) ip: u64,
    pub(crate) cs: u64,
    pub(crate) flags: u64,
    pub(crate) sp: u64,
    pub(crate) ss: u64,
}

/// All registers at an exception of user code, or at whatever comes in the kernel.
#[repr(C)]
#[derive(Debug)]
pub(crate) struct Frame {
    pub(crate) r15: u64,
    pub(crate) r14: u64,
    pub(crate) r13: u64,
    pub(crate) r12: u64,
    pub(crate) r11: u64,
    pub(crate) r10: u64,
    pub(crate) r9: u64,
    pub(crate) r8: u64,
    pub(crate) rbp: u64,
    pub(crate) rdi: u64,
    pub(crate) rsi: u64,
    pub(crate) rdx: u64,
    pub(crate) rcx: u64,
    pub(crate) rbx: u64,
    pub(crate) rax: u64,
    pub(crate) vector: u64,
    pub(crate) error: u64,
    pub(crate) ip: u64,
    pub(crate) cs: u64,
    pub(crate) flags: u64,
    pub(crate) sp: u64,
    pub(crate) ss: u64,
}

/// All registers at a page fault of user code.
#[repr(C)]
pub(crate) struct FaultFrame {
    /// What the pager is told, and answers.
    pub(crate) aside: Aside<1>,
    /// What was touched.
    pub(crate) address: u64,
    /// r15 to r12, rbp, rbx, r11 to r8, rsi, rdx, rcx, rax, rdi.
    registers: [u64; 15],
    pub(crate) user: UserFrame,
}

const _: () = assert!(size_of::<UserFrame>() == 40);
const _: () = assert!(size_of::<Frame>() == 176);
const _: () = assert!(
    size_of::<FaultFrame>().is_multiple_of(16),
    "the stack is aligned below it"
);

impl FaultFrame {
    /// Bytes below the registers.
    pub(crate) const REGISTERS: usize = offset_of!(Self, registers);
    /// Bytes to the address that was touched.
    pub(crate) const ADDRESS: usize = offset_of!(Self, address);
    /// Bytes to message register 0 of what is said aside.
    pub(crate) const MR0: usize = offset_of!(Self, aside) + ASIDE_MR0;
}

impl Frame {
    /// Whether user code was interrupted.
    pub(crate) fn is_users(&self) -> bool {
        self.cs & 3 != 0
    }
}

/// The trap flag: a debug exception after the next instruction.
pub(crate) const TRAP_FLAG: u64 = 1 << 8;
/// The resume flag: the next instruction's breakpoint is passed over.
pub(crate) const RESUME_FLAG: u64 = 1 << 16;

/// Flags that ExchangeRegisters changes (L4 X.2), and the trap flag: user code sets that with POPF as it likes, it acts in
/// user mode only, and a debugger needs it.
pub(crate) const USER_FLAGS: u64 = pecan_abi::exregs::USER_FLAGS;

/// Flags that the answer to an exception changes: also the resume flag, without which nobody gets past a breakpoint on an
/// instruction. Only IRET loads that one, so nothing else could set it.
pub(crate) const ANSWER_FLAGS: u64 = USER_FLAGS | RESUME_FLAG;

/// An instruction pointer that the CPU can return to: sign-extended from bit 47. A user who asks for a
/// non-canonical address gets a page fault at the canonical one, in user mode.
pub(crate) fn canonical(address: u64) -> u64 {
    ((address << 16) as i64 >> 16) as u64
}
