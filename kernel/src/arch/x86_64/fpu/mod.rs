//! The FPU: x87, SSE and AVX registers of threads.
//!
//! The registers are locked (CR0.TS) until a thread uses them. Then its state is loaded, and the thread has the FPU
//! resource until it leaves the CPU, when the state is saved and the registers are locked again. A thread that never
//! uses them pays nothing, and nobody sees another's registers.

mod area;

use core::arch::asm;
use core::sync::atomic::{AtomicBool, Ordering};

use raw_cpuid::CpuId;
use x86_64::registers::control::{Cr0, Cr0Flags, Cr4, Cr4Flags};

use crate::thread::{Owned, Resources};

pub(crate) use area::Area;

/// x87, SSE, AVX: the state components that threads may use.
const COMPONENTS: u64 = 0b111;
static USES_XSAVE: AtomicBool = AtomicBool::new(false);

/// Switches the FPU on and locks it. Each CPU, at install.
pub(crate) fn enable() {
    let has_xsave = CpuId::new()
        .get_feature_info()
        .is_some_and(|features| features.has_xsave());
    if has_xsave {
        // SAFETY: the CPU has XSAVE.
        unsafe { Cr4::update(|flags| *flags |= Cr4Flags::OSXSAVE) };
        let offered = offered_components();
        // SAFETY: OSXSAVE is on, and the value has bit 0 and only components that the CPU offers.
        unsafe {
            asm!("xsetbv", in("ecx") 0, in("eax") offered as u32, in("edx") 0, options(nostack))
        };
        USES_XSAVE.store(true, Ordering::Relaxed);
    }
    lock();
}

fn offered_components() -> u64 {
    let leaf = core::arch::x86_64::__cpuid_count(0xd, 0);
    (u64::from(leaf.eax) & COMPONENTS) | 1
}

fn lock() {
    // SAFETY: the kernel itself does not use the FPU.
    unsafe { Cr0::update(|flags| *flags |= Cr0Flags::TASK_SWITCHED) };
}

fn unlock() {
    // SAFETY: clearing TS has no other effect.
    unsafe { asm!("clts", options(nomem, nostack, preserves_flags)) };
}

/// `me`, the running thread, uses the FPU: its state goes into the registers. False: no memory for a save area.
/// This CPU, interrupts off.
pub(crate) fn load(me: Owned) -> bool {
    let area = match me.fpu.get() {
        Some(area) => area,
        None => match Area::fresh() {
            Some(area) => area,
            None => return false,
        },
    };
    me.fpu.set(Some(area));
    unlock();
    let memory = area.memory();
    if USES_XSAVE.load(Ordering::Relaxed) {
        // SAFETY: the area is aligned, initialised by `fresh` or a save, and kept by the kernel.
        unsafe {
            asm!("xrstor64 [{}]", in(reg) memory, in("eax") u32::MAX, in("edx") u32::MAX, options(nostack))
        };
    } else {
        // SAFETY: as above.
        unsafe { asm!("fxrstor64 [{}]", in(reg) memory, options(nostack)) };
    }
    me.resources.set(me.resources.get() | Resources::FPU);
    true
}

/// `thread`, whose state is in the registers, leaves the CPU. This CPU, interrupts off.
pub(crate) fn save(thread: Owned) {
    let Some(area) = thread.fpu.get() else { return };
    let memory = area.memory();
    if USES_XSAVE.load(Ordering::Relaxed) {
        // SAFETY: the area is the thread's own, large enough for the components that are switched on.
        unsafe {
            asm!("xsave64 [{}]", in(reg) memory, in("eax") u32::MAX, in("edx") u32::MAX, options(nostack))
        };
    } else {
        // SAFETY: as above.
        unsafe { asm!("fxsave64 [{}]", in(reg) memory, options(nostack)) };
    }
    lock();
}

/// Gives the thread's save area back; the registers, if it has them, are locked.
pub(crate) fn release(thread: Owned) {
    if thread.resources.get() & Resources::FPU != 0 {
        lock();
        thread
            .resources
            .set(thread.resources.get() & !Resources::FPU);
    }
    if let Some(area) = thread.fpu.take() {
        area.release();
    }
}
