//! Which CPU is this, and what does it keep for itself?
//!
//! Every CPU has one block of memory: the [`Cpu`] struct, then its stacks. The block is found through the
//! kernel's gs base. Its fields belong to the CPU, except the few that are atomic.
//!
//! * `block`    the struct, drawn line by line, and the stacks behind it
//! * `create`   makes the blocks, on the boot CPU
//! * `install`  loads one: segments, task state, interrupt table, system-call registers
//! * `ports`    the I/O ports that programs may use on it
//! * `hold`     tests stop it between two steps
//! * `own`      a cell for what only this CPU touches
//! * `segments` the descriptor table and the selectors that the interface fixes

mod block;
mod create;
pub(crate) mod hold;
mod install;
mod own;
mod ports;
pub(crate) mod segments;

pub(crate) use block::{Counter, Cpu, offsets};
#[cfg(feature = "without-window-but-buffer")]
pub(crate) use create::MAX_CPUS;
pub(crate) use create::{boot_stack_top, count, create, get};
pub(crate) use install::{install, take_way};
pub(crate) use own::CpuCell;

use core::arch::asm;

/// The block of the CPU that runs this. Interrupts off. A thread that blocks may go on on another CPU, so whoever blocks
/// asks again afterwards; hence the load is not `pure`, or the compiler would keep its result.
#[inline(always)]
pub(crate) fn current() -> &'static Cpu {
    let block: *const Cpu;
    // SAFETY: in the kernel, gs points at this CPU's block, which holds its own address.
    unsafe {
        asm!("mov {}, gs:[{this}]", out(reg) block, this = const offsets::THIS, options(nomem, nostack, preserves_flags))
    };
    // SAFETY: blocks are made once at boot and never freed.
    unsafe { &*block }
}

/// The id of the thread that this CPU last switched to, for a panic's report; none before the first.
pub(crate) fn current_thread_raw() -> Option<u64> {
    if !create::installed() {
        return None;
    }
    current().running().map(|thread| thread.id())
}
