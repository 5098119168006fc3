//! The measured loops, in assembler so that the compiler adds nothing to them.
//!
//! Instructions of the loops themselves, per round, which are part of every figure:
//!
//! | loop | instructions |
//! |---|---:|
//! | [`calls`], the client | 8, one of them to notice errors |
//! | [`echo`], the server | 5 |
//! | [`gives`], the pager | 7 |
//! | [`nulls`] | 4 |
//! | [`yields`] and [`yield_back`] | 4 + 4, one of them to count |
//! | [`calls_in_two`], another client | 12, one of them to notice errors |
//! | [`stamps`], the interrupted thread | 0 to 4, as it comes |
//! | [`longest_gap`] | 0 |
//!
//! Each includes the `call` into the kernel's stub; the stub's own instructions come on top. Reading the
//! time-stamp counter adds 5 per batch. The clock reads that bound what is measured are marked for those who count from
//! outside ([`marker`](l4::abi::marker)).
//!
//! Stubs may destroy all registers but RSP (Ipc also keeps RDI), so what a loop needs lies on the stack.
//!
//! * `client`  who is measured, there and back
//! * `partner` who answers
//! * `clock`   the time-stamp counter, and what does nothing but look at it

mod client;
mod clock;
mod partner;

pub(crate) use client::{Calls, calls, calls_in_two, nulls, yields};
pub(crate) use clock::{close, longest_gap, next_row, now, open, stamps};
pub(crate) use partner::{echo, gives, yield_back};

/// The registers that a function keeps for its caller and a stub may destroy.
macro_rules! push_kept {
    () => {
        "push rbp
         push rbx
         push r12
         push r13
         push r14
         push r15"
    };
}

/// The way back from [`push_kept`].
macro_rules! pop_kept {
    () => {
        "pop r15
         pop r14
         pop r13
         pop r12
         pop rbx
         pop rbp"
    };
}

/// Pushes the time-stamp counter as it is where a measured stretch begins. Destroys rax and rdx.
macro_rules! open_clock {
    () => {
        ".byte {open}
         rdtsc
         shl rdx, 32
         or rax, rdx
         push rax"
    };
}

/// Where it ends: pops what [`open_clock`] pushed, and leaves in rax what went by since. Destroys rcx and rdx.
macro_rules! close_clock {
    () => {
        ".byte {close}
         rdtsc
         shl rdx, 32
         or rax, rdx
         pop rcx
         sub rax, rcx"
    };
}

pub(crate) use {close_clock, open_clock, pop_kept, push_kept};
