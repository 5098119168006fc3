//! Work that a switch must not skip: the thread that leaves, then the one that comes. This CPU, interrupts off.

use super::Owned;
use crate::arch::x86_64::{debug, entry::patch, fpu, switch};
use crate::cpu::Cpu;
use crate::space::window;

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
    /// The thread is in the middle of a message with strings: it goes on with that even if it is stopped.
    pub(crate) const TRANSFER: u32 = 64;
    /// This CPU's window shows memory of the thread's partner.
    pub(crate) const WINDOW: u32 = 128;
    /// Breakpoints of this thread are on: the debug registers are loaded whenever it is on a CPU.
    pub(crate) const DEBUG: u32 = 256;
}

/// `thread` leaves the CPU: what it has in registers goes to its memory.
#[inline(always)]
pub(crate) fn leave(cpu: &Cpu, thread: Owned) {
    const PUT_AWAY: u32 = Resources::FPU | Resources::GS | Resources::WINDOW | Resources::DEBUG;
    if thread.resources.get() & PUT_AWAY != 0 {
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
    if resources & Resources::WINDOW != 0 {
        window::close(cpu);
    }
    // It may be on its way without being on the CPU: whose breakpoints are there then is not for it to say.
    if resources & Resources::DEBUG != 0 && cpu.running() == Some(thread.name()) {
        debug::disarm();
    }
    thread
        .resources
        .set(resources & !(Resources::FPU | Resources::WINDOW));
    if resources & Resources::GS != 0 {
        patch::restore_user_gs(cpu.user_gs());
    }
}

/// `thread` comes to this CPU: what must be in registers before it runs.
#[inline(always)]
pub(crate) fn arrive(thread: Owned) {
    if thread.resources.get() & Resources::DEBUG != 0 {
        take_out(thread);
    }
}

#[cold]
#[inline(never)]
fn take_out(thread: Owned) {
    debug::load(thread);
}

/// The running thread `me` leaves the CPU to `next`; returns when `me` runs again, perhaps on another CPU.
pub(crate) fn pass(cpu: &Cpu, me: Owned, next: Owned) {
    leave(cpu, me);
    arrive(next);
    switch::to(me, next);
}
