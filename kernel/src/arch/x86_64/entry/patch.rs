//! Adapts the exits to CPUs without WRGSBASE.
//!
//! A user can load the gs selector and so lose the base that finds its UTCB. Every exit therefore writes the base
//! anew with WRGSBASE. A CPU without that instruction gets no-ops instead, and the register behind SWAPGS is written
//! at every thread switch (the resource [`crate::thread::Resources::GS`]).

use core::sync::atomic::{AtomicBool, Ordering};

use x86_64::VirtAddr;
use x86_64::registers::model_specific::KernelGsBase;

use crate::arch::x86_64::features;
use crate::memory::{layout, physmap};

unsafe extern "C" {
    safe static pecan_exit_ipc: [u8; 5];
    safe static pecan_exit_fast: [u8; 5];
    safe static pecan_exit_call: [u8; 5];
    safe static pecan_exit_start: [u8; 5];
    safe static pecan_exit_interrupt: [u8; 5];
}

/// A no-op as long as WRGSBASE.
const NOP5: [u8; 5] = [0x0f, 0x1f, 0x44, 0x00, 0x00];

static WITHOUT: AtomicBool = AtomicBool::new(false);

/// Takes WRGSBASE out of the exits where the CPU lacks it. Each CPU, at install; `boot` says that this is the boot
/// CPU, which patches before any user code runs.
pub(crate) fn adapt(boot: bool) {
    if features::get().fsgsbase {
        return;
    }
    WITHOUT.store(true, Ordering::Relaxed);
    if boot {
        for site in [
            &pecan_exit_ipc,
            &pecan_exit_fast,
            &pecan_exit_call,
            &pecan_exit_start,
            &pecan_exit_interrupt,
        ] {
            let alias: *mut [u8; 5] =
                physmap::to_virt(core::ptr::from_ref(site) as u64 - layout::KERNEL_OFFSET).cast();
            // SAFETY: the alias is writable memory of the kernel's text, no exit runs yet, and both are five bytes.
            unsafe { alias.write_volatile(NOP5) };
        }
    }
}

/// Whether the gs base must be restored at thread switches.
pub(crate) fn without_wrgsbase() -> bool {
    WITHOUT.load(Ordering::Relaxed)
}

/// Makes the next exit find the user's gs base, on CPUs without WRGSBASE. This CPU.
pub(crate) fn restore_user_gs(base: u64) {
    KernelGsBase::write(VirtAddr::new(base));
}
