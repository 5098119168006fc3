//! SpaceControl, Unmap and MemoryControl.

use core::arch::asm;
use core::mem::offset_of;

use super::control::Pair;
use super::stubs::{STUBS, Stubs};

/// The SpaceControl system call: gives the space of thread `space` (raw id) its two areas.
///
/// `kip_area` and `utcb_area` are raw fpages, ignored once the space has them. Returns 1 (or 0, see
/// ErrorCode) and the old control word.
///
/// # Safety
/// If `space` is the caller's own space, nothing of the program lies in the two areas.
#[inline]
pub unsafe fn space_control(
    space: u64,
    control: u64,
    kip_area: u64,
    utcb_area: u64,
    redirector: u64,
) -> Pair {
    let (first, second);
    // SAFETY: the effects are the caller's promise; all registers the stub may destroy are declared.
    unsafe {
        asm!(
            "push rbp",
            "push rbx",
            "call qword ptr [rip + {stubs} + {stub}]",
            "pop rbx",
            "pop rbp",
            stubs = sym STUBS,
            stub = const offset_of!(Stubs, space_control),
            inlateout("rdi") space => _,
            inlateout("rsi") control => _,
            inlateout("rdx") kip_area => second,
            inlateout("r8") utcb_area => _,
            inlateout("r9") redirector => _,
            lateout("rax") first,
            lateout("rcx") _, lateout("r10") _, lateout("r11") _, lateout("r12") _,
            lateout("r13") _, lateout("r14") _, lateout("r15") _,
        );
    }
    Pair { first, second }
}

/// The Unmap system call: revokes the rights named by the fpages in MR0..=MRk, k being bits 0-5 of
/// `control`; bit 6 (flush) includes the caller's own mappings. The message registers come back with
/// the access bits seen. `mr0` is the address of the caller's MR0.
///
/// # Safety
/// `mr0` is the address of MR0 of the *calling* thread's UTCB, and no page whose rights are revoked
/// is used by Rust afterwards as if it still had them.
#[inline]
pub unsafe fn unmap(control: u64, mr0: *mut u64) {
    // SAFETY: the caller vouches for `mr0` and the pages; RBX and RBP are restored.
    unsafe {
        asm!(
            "push rbp",
            "push rbx",
            "mov r9, [rdi]",
            "mov rax, [rdi + 8]",
            "mov rbx, [rdi + 16]",
            "mov r10, [rdi + 24]",
            "mov r12, [rdi + 32]",
            "mov r13, [rdi + 40]",
            "mov r14, [rdi + 48]",
            "mov r15, [rdi + 56]",
            "call qword ptr [rip + {stubs} + {stub}]",
            "mov [rdi], r9",
            "mov [rdi + 8], rax",
            "mov [rdi + 16], rbx",
            "mov [rdi + 24], r10",
            "mov [rdi + 32], r12",
            "mov [rdi + 40], r13",
            "mov [rdi + 48], r14",
            "mov [rdi + 56], r15",
            "pop rbx",
            "pop rbp",
            stubs = sym STUBS,
            stub = const offset_of!(Stubs, unmap),
            in("rdi") mr0,
            inlateout("rdx") control => _,
            lateout("rax") _, lateout("rcx") _, lateout("rsi") _, lateout("r8") _,
            lateout("r9") _, lateout("r10") _, lateout("r11") _, lateout("r12") _,
            lateout("r13") _, lateout("r14") _, lateout("r15") _,
        );
    }
}

/// The four attribute words of MemoryControl.
pub type MemoryAttributes = [u64; 4];

/// The MemoryControl system call on the fpages in MR0..=MRk, k being bits 0-5 of `control`; bits 0-1
/// of each fpage select one of the four attributes. Returns 1, or 0 with the reason in ErrorCode.
/// MR0 and MR1 are overwritten.
///
/// # Safety
/// As [`unmap`]: changing how memory in use is cached is the caller's business.
#[inline]
pub unsafe fn memory_control(control: u64, attributes: MemoryAttributes, mr0: *mut u64) -> u64 {
    let result;
    // SAFETY: the caller vouches for `mr0` and the pages; RBX and RBP are restored.
    unsafe {
        asm!(
            "push rbp",
            "push rbx",
            "mov r9, [rdi]",
            "mov rax, [rdi + 8]",
            "mov rbx, [rdi + 16]",
            "mov r10, [rdi + 24]",
            "mov r12, [rdi + 32]",
            "mov r13, [rdi + 40]",
            "mov r14, [rdi + 48]",
            "mov r15, [rdi + 56]",
            "call qword ptr [rip + {stubs} + {stub}]",
            "mov [rdi], rcx",
            "mov [rdi + 8], rax",
            "pop rbx",
            "pop rbp",
            stubs = sym STUBS,
            stub = const offset_of!(Stubs, memory_control),
            in("rdi") mr0,
            inlateout("rdx") control => result,
            inlateout("rcx") attributes[0] => _,
            inlateout("rsi") attributes[1] => _,
            inlateout("r8") attributes[2] => _,
            inlateout("r11") attributes[3] => _,
            lateout("rax") _, lateout("r9") _, lateout("r10") _, lateout("r12") _,
            lateout("r13") _, lateout("r14") _, lateout("r15") _,
        );
    }
    result
}
