//! The system calls as the kernel defines them: one function per call, words in, words out.
//!
//! Nothing is checked and nothing is hidden here. A program uses the typed modules
//! ([`ipc`](crate::ipc), [`thread`](crate::thread), [`schedule`](crate::schedule), ...) and comes here only
//! when it wants to pass something they do not express, such as garbage in a test.
//!
//! The kernel interface page names the address of a kernel-supplied *stub* for each call; a program
//! calls it like a function with a register contract of its own. RBP may be destroyed by a stub and
//! RBX cannot be named in inline assembler, so every call site pushes both.

mod control;
mod ipc;
mod memory;
mod stubs;
mod thread;

pub use control::{Pair, control, processor_control, system_clock};
pub use ipc::{ipc, ipc_bare, ipc_words, lipc};
pub use memory::{MemoryAttributes, memory_control, space_control, unmap};
pub(crate) use stubs::page_address;
pub use stubs::{KernelInterface, connect, has_control, kernel_interface};
pub use thread::{Registers, exchange_registers, schedule, thread_control, thread_switch};
