//! How the CPU comes into the kernel.
//!
//! * `frame`     what lies on the stack afterwards
//! * `syscall`   SYSCALL for a message, and the way back
//! * `call`      the same for every other system call
//! * `vector`    a stub per interrupt vector, the common entry and the way back
//! * `user`      shorter entries for what interrupts user code
//! * `interrupt` which vector is whose
//! * `patch`     adapts the exits to CPUs without WRGSBASE

pub(crate) mod call;
pub(crate) mod frame;
pub(crate) mod interrupt;
pub(crate) mod patch;
pub(crate) mod syscall;
mod user;
pub(crate) mod vector;
