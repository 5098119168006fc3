//! How the CPU comes into the kernel.
//!
//! * `frame`     what lies on the stack afterwards
//! * `syscall`   SYSCALL, and the way back from it
//! * `vector`    a stub per interrupt vector, the common entry and the way back
//! * `interrupt` which vector is whose
//! * `patch`     adapts the exits to CPUs without WRGSBASE

pub(crate) mod frame;
pub(crate) mod interrupt;
pub(crate) mod patch;
pub(crate) mod syscall;
pub(crate) mod vector;
