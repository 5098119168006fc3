//! Ipc and Lipc: RSI = to, RDX = from, R8 = timeouts, RDI = address of MR0 (comes back unchanged),
//! MR0-MR7 in R9, RAX, RBX, R10, R12-R15, all in both directions; MR8 onwards stays in the UTCB.

use core::arch::asm;
use core::mem::offset_of;

use super::stubs::{STUBS, Stubs};

macro_rules! ipc_through_utcb {
    ($(#[$doc:meta])* $name:ident, $field:ident) => {
        $(#[$doc])*
        ///
        /// All message registers are taken from and left in the UTCB. `to` and `from` are raw thread
        /// ids (nil: no such phase), `timeouts` is a raw timeouts word (send in bits 16-31, receive in
        /// bits 0-15). Returns the raw id of the sender; whether the call failed is bit 15 of MR0.
        ///
        /// # Safety
        /// `mr0` is the address of MR0 of the *calling* thread's UTCB. If the buffer registers accept
        /// mappings or strings, what they cover is not in use otherwise.
        #[inline]
        pub unsafe fn $name(to: u64, from: u64, timeouts: u64, mr0: *mut u64) -> u64 {
            let sender;
            // SAFETY: the caller vouches for `mr0`; RBX and RBP are restored, everything else that the
            // stub may destroy is declared.
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
                    stub = const offset_of!(Stubs, $field),
                    in("rdi") mr0,
                    inlateout("rsi") to => sender,
                    inlateout("rdx") from => _,
                    inlateout("r8") timeouts => _,
                    lateout("rax") _, lateout("rcx") _, lateout("r9") _, lateout("r10") _,
                    lateout("r11") _, lateout("r12") _, lateout("r13") _, lateout("r14") _,
                    lateout("r15") _,
                );
            }
            sender
        }
    };
}

ipc_through_utcb!(
    /// The Ipc system call.
    ipc,
    ipc
);

ipc_through_utcb!(
    /// The Lipc system call: Ipc under another address, meant for partners in one space.
    lipc,
    lipc
);

/// Ipc with nothing but the tag in `MR0`: the fewest instructions around the stub that Rust allows.
///
/// MR1-MR7 are sent as whatever the registers hold and come back undefined; MR8 onwards is in the
/// UTCB. Returns the sender's raw id and the raw tag received. For measurements and for pure signals.
///
/// # Safety
/// As [`ipc`].
#[inline(always)]
pub unsafe fn ipc_bare(to: u64, from: u64, timeouts: u64, mr0: *mut u64, tag: u64) -> (u64, u64) {
    let (sender, received);
    // SAFETY: as in `ipc`.
    unsafe {
        asm!(
            "push rbp",
            "push rbx",
            "call qword ptr [rip + {stubs} + {stub}]",
            "pop rbx",
            "pop rbp",
            stubs = sym STUBS,
            stub = const offset_of!(Stubs, ipc),
            in("rdi") mr0,
            inlateout("rsi") to => sender,
            inlateout("rdx") from => _,
            inlateout("r8") timeouts => _,
            inlateout("r9") tag => received,
            lateout("rax") _, lateout("rcx") _, lateout("r10") _, lateout("r11") _,
            lateout("r12") _, lateout("r13") _, lateout("r14") _, lateout("r15") _,
        );
    }
    (sender, received)
}

/// Ipc with MR0-MR7 in and out of registers: `words` is the tag followed by seven message words.
///
/// MR0-MR7 in the UTCB are neither read nor written; MR8 onwards is in the UTCB. Returns the
/// sender's raw id; `words` holds what arrived.
///
/// # Safety
/// As [`ipc`].
#[inline(always)]
pub unsafe fn ipc_words(
    to: u64,
    from: u64,
    timeouts: u64,
    mr0: *mut u64,
    words: &mut [u64; 8],
) -> u64 {
    let sender;
    // SAFETY: as in `ipc`. RCX, which the stub does not take, carries MR2 to and from RBX.
    unsafe {
        asm!(
            "push rbp",
            "push rbx",
            "mov rbx, rcx",
            "call qword ptr [rip + {stubs} + {stub}]",
            "mov rcx, rbx",
            "pop rbx",
            "pop rbp",
            stubs = sym STUBS,
            stub = const offset_of!(Stubs, ipc),
            in("rdi") mr0,
            inlateout("rsi") to => sender,
            inlateout("rdx") from => _,
            inlateout("r8") timeouts => _,
            inlateout("r9") words[0],
            inlateout("rax") words[1],
            inlateout("rcx") words[2],
            inlateout("r10") words[3],
            inlateout("r12") words[4],
            inlateout("r13") words[5],
            inlateout("r14") words[6],
            inlateout("r15") words[7],
            lateout("r11") _,
        );
    }
    sender
}
