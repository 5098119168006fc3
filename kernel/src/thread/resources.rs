//! Work that a switch must not skip: the thread that leaves, then the one that comes. This CPU, interrupts off.

use super::Owned;
use crate::arch::x86_64::{debug, entry::patch, fpu, port_bitmap, switch};
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
    /// The total quantum is used up: a message may arrive, but it must not run before Schedule gives it a new one.
    pub(crate) const SPENT: u32 = 256;
    /// The thread runs, and its preemption is pending: others that should run are held off for a while.
    pub(crate) const HELD: u32 = 512;
    /// The thread runs on a time slice that ThreadSwitch gave it.
    pub(crate) const DONATED: u32 = 1024;
    /// The thread's space has a redirector.
    pub(crate) const REDIRECTED: u32 = 2048;
    /// Breakpoints of this thread are on: the debug registers are loaded whenever it is on a CPU.
    pub(crate) const DEBUG: u32 = 4096;
    /// The CPU lets this thread use I/O ports.
    pub(crate) const PORTS: u32 = 8192;

    /// A message from another CPU that the thread received has taken something away that other CPUs may still have.
    pub(crate) const STALE: u32 = 16384;

    /// The thread must not run.
    pub(crate) const STOPPED: u32 = Self::HALTED | Self::SPENT;
    /// Others may have to wait although they outrank the thread. It sends messages the general way, which looks whom it
    /// hands the CPU to, and `Cpu::reschedule` stays set.
    pub(crate) const FAVOURED: u32 = Self::HELD | Self::DONATED;
    /// What is to be done when the thread leaves the CPU.
    const LEAVING: u32 =
        Self::FPU | Self::GS | Self::WINDOW | Self::FAVOURED | Self::DEBUG | Self::PORTS;
}

/// Whether something is to be done when `thread` leaves the CPU.
#[inline(always)]
pub(crate) fn has_to_leave(thread: Owned) -> bool {
    thread.resources.get() & Resources::LEAVING != 0
}

/// `thread` leaves the CPU: what it has in registers goes to its memory, what the CPU lets it do ends, and nobody has to
/// wait for it any more.
#[inline(always)]
pub(crate) fn leave(cpu: &Cpu, thread: Owned) {
    if has_to_leave(thread) {
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
    if resources & Resources::PORTS != 0 {
        port_bitmap::switch_off();
    }
    // It may be on its way without being on the CPU: whose breakpoints are there then is not for it to say.
    if resources & Resources::DEBUG != 0 && cpu.running() == Some(thread.name()) {
        debug::disarm();
    }
    const DONE: u32 = Resources::FPU | Resources::WINDOW | Resources::FAVOURED | Resources::PORTS;
    thread.resources.set(resources & !DONE);
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
#[inline(always)]
pub(crate) fn pass(cpu: &Cpu, me: Owned, next: Owned) {
    leave(cpu, me);
    arrive(next);
    switch::to(me, next);
}
