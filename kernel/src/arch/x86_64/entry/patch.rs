//! Adapts the kernel's code to CPUs without WRGSBASE, and without STAC and CLAC.
//!
//! A user can load the gs selector and so lose the base that finds its UTCB. Every exit therefore writes the base
//! anew with WRGSBASE. A CPU without that instruction gets no-ops instead, and the register behind SWAPGS is written
//! at every thread switch (the resource [`crate::thread::Resources::GS`]). A CPU that does not keep the kernel from user
//! memory need not be told when it may touch it.

use core::sync::atomic::{AtomicBool, Ordering};

use x86_64::VirtAddr;
use x86_64::registers::model_specific::KernelGsBase;

use crate::arch::x86_64::features;
use crate::memory::{layout, physmap};

unsafe extern "C" {
    safe static pecan_exit_ipc: [u8; 5];
    safe static pecan_exit_fast: [u8; 5];
    safe static pecan_exit_one_way: [u8; 5];
    safe static pecan_exit_call: [u8; 5];
    safe static pecan_exit_start: [u8; 5];
    safe static pecan_exit_interrupt: [u8; 5];
    safe static pecan_exit_fault: [u8; 5];
    safe static pecan_exit_user: [u8; 5];
    safe static pecan_exit_tick: [u8; 5];
    safe static pecan_exit_switch: [u8; 5];
    safe static pecan_exit_rung: [u8; 5];
    safe static pecan_entry_shut: [u8; 3];
    safe static pecan_fault_shut: [u8; 3];
    safe static pecan_interrupt_shut: [u8; 3];
    safe static pecan_entry_rung: [u8; 3];
    safe static pecan_tick_shut: [u8; 3];
    safe static pecan_copy_open: [u8; 3];
    safe static pecan_copy_close: [u8; 3];
}

/// A no-op as long as WRGSBASE.
const NOP5: [u8; 5] = [0x0f, 0x1f, 0x44, 0x00, 0x00];
/// A no-op as long as STAC and CLAC.
const NOP3: [u8; 3] = [0x0f, 0x1f, 0x00];

static WITHOUT: AtomicBool = AtomicBool::new(false);

/// Takes out what the CPU lacks. Each CPU, at install; `boot` says that this is the boot CPU, which patches before any
/// user code runs.
pub(crate) fn adapt(boot: bool) {
    let has = features::get();
    if !has.fsgsbase {
        WITHOUT.store(true, Ordering::Relaxed);
    }
    if !boot {
        return;
    }
    let exits = [
        &pecan_exit_ipc,
        &pecan_exit_fast,
        &pecan_exit_one_way,
        &pecan_exit_call,
        &pecan_exit_start,
        &pecan_exit_interrupt,
        &pecan_exit_fault,
        &pecan_exit_user,
        &pecan_exit_tick,
        &pecan_exit_switch,
        &pecan_exit_rung,
    ];
    for site in exits.into_iter().filter(|_| !has.fsgsbase) {
        replace(site, NOP5);
    }
    let guards = [
        &pecan_entry_shut,
        &pecan_fault_shut,
        &pecan_interrupt_shut,
        &pecan_entry_rung,
        &pecan_tick_shut,
        &pecan_copy_open,
        &pecan_copy_close,
    ];
    for site in guards.into_iter().filter(|_| !has.smap) {
        replace(site, NOP3);
    }
}

/// Writes `code` over the kernel's code at `site`, which nobody executes yet.
fn replace<const N: usize>(site: &[u8; N], code: [u8; N]) {
    let alias: *mut [u8; N] =
        physmap::to_virt(core::ptr::from_ref(site) as u64 - layout::KERNEL_OFFSET).cast();
    // SAFETY: the alias is writable memory of the kernel's text, which does not run yet, and both are of one length.
    unsafe { alias.write_volatile(code) };
}

/// Whether the gs base must be restored at thread switches.
pub(crate) fn without_wrgsbase() -> bool {
    WITHOUT.load(Ordering::Relaxed)
}

/// Makes the next exit find the user's gs base, on CPUs without WRGSBASE. This CPU.
pub(crate) fn restore_user_gs(base: u64) {
    KernelGsBase::write(VirtAddr::new(base));
}
