//! Work that a switch must not skip. This CPU, interrupts off.

use super::Owned;
use crate::arch::x86_64::{entry::patch, fpu};
use crate::cpu::Cpu;

/// Work that a switch must not skip; one bit each. The common path asks for zero.
pub(crate) struct Resources;

impl Resources {
    /// The FPU registers hold this thread's state.
    pub(crate) const FPU: u32 = 1;
    /// The thread is stopped: a message may arrive, but it must not run.
    pub(crate) const HALTED: u32 = 2;
    /// The CPU cannot restore the gs base at exits.
    pub(crate) const GS: u32 = 4;
    /// The thread is to leave for another CPU.
    pub(crate) const MOVE: u32 = 8;
    /// The thread is, or will be, blocked in the kernel's own code: it does not return to user mode when its IPC ends.
    pub(crate) const INSIDE: u32 = 16;
    /// The thread stands for an interrupt: it never runs.
    pub(crate) const INTERRUPT: u32 = 32;
    /// The total quantum is used up: a message may arrive, but it must not run before Schedule gives it a new one.
    pub(crate) const SPENT: u32 = 256;
    /// The thread runs, and its preemption is pending: others that should run are held off for a while.
    pub(crate) const HELD: u32 = 512;
    /// The thread runs on a time slice that ThreadSwitch gave it.
    pub(crate) const DONATED: u32 = 1024;

    /// The thread must not run.
    pub(crate) const STOPPED: u32 = Self::HALTED | Self::SPENT;
    /// Others may have to wait although they outrank the thread. It sends messages the general way, which looks whom it
    /// hands the CPU to, and `Cpu::reschedule` stays set.
    pub(crate) const FAVOURED: u32 = Self::HELD | Self::DONATED;
}

/// `thread` leaves the CPU: what it has in registers goes to its memory, and nobody has to wait for it any more.
#[inline(always)]
pub(crate) fn leave(cpu: &Cpu, thread: Owned) {
    const WORK: u32 = Resources::FPU | Resources::GS | Resources::FAVOURED;
    if thread.resources.get() & WORK != 0 {
        put_away(cpu, thread);
    }
}

#[cold]
#[inline(never)]
fn put_away(cpu: &Cpu, thread: Owned) {
    let resources = thread.resources.get();
    if resources & Resources::FPU != 0 {
        fpu::save(thread);
    }
    thread
        .resources
        .set(resources & !(Resources::FPU | Resources::FAVOURED));
    if resources & Resources::GS != 0 {
        patch::restore_user_gs(cpu.user_gs());
    }
}
