//! Work that a switch must not skip. This CPU, interrupts off.

use super::Owned;
use crate::arch::x86_64::{entry::patch, fpu, port_bitmap};
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
    /// The CPU lets this thread use I/O ports.
    pub(crate) const PORTS: u32 = 64;
}

/// `thread` leaves the CPU: what it has in registers goes to its memory, and what the CPU lets it do ends.
#[inline(always)]
pub(crate) fn leave(cpu: &Cpu, thread: Owned) {
    if thread.resources.get() & (Resources::FPU | Resources::GS | Resources::PORTS) != 0 {
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
    if resources & Resources::PORTS != 0 {
        port_bitmap::switch_off();
    }
    thread
        .resources
        .set(resources & !(Resources::FPU | Resources::PORTS));
    if resources & Resources::GS != 0 {
        patch::restore_user_gs(cpu.user_gs());
    }
}
