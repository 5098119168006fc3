//! Work that a switch must not skip. This CPU, interrupts off.

use super::{Owned, Resources};
use crate::arch::x86_64::{entry::patch, fpu};
use crate::cpu::Cpu;

/// `thread` leaves the CPU: what it has in registers goes to its memory.
#[inline(always)]
pub(crate) fn leave(cpu: &Cpu, thread: Owned) {
    if thread.resources.get() & (Resources::FPU | Resources::GS) != 0 {
        put_away(cpu, thread);
    }
}

#[cold]
#[inline(never)]
fn put_away(cpu: &Cpu, thread: Owned) {
    let resources = thread.resources.get();
    if resources & Resources::FPU != 0 {
        fpu::save(thread);
        thread.resources.set(resources & !Resources::FPU);
    }
    if resources & Resources::GS != 0 {
        patch::restore_user_gs(cpu.user_gs());
    }
}
