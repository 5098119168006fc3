//! Control registers: what the kernel switches on, on every CPU.

use super::{cache, features};
use x86_64::PhysAddr;
use x86_64::registers::control::{Cr0, Cr0Flags, Cr3, Cr3Flags, Cr4, Cr4Flags};
use x86_64::structures::paging::PhysFrame;

/// Switches on write protection, global pages, SSE, alignment checks for users who set AC, and whatever protects the
/// kernel from users.
/// Each CPU, once, with no-execute and long mode already on.
pub(crate) fn enable() {
    let mut cr0 = Cr0::read();
    cr0.remove(
        Cr0Flags::EMULATE_COPROCESSOR
            | Cr0Flags::TASK_SWITCHED
            | Cr0Flags::CACHE_DISABLE
            | Cr0Flags::NOT_WRITE_THROUGH,
    );
    cr0.insert(
        Cr0Flags::WRITE_PROTECT
            | Cr0Flags::NUMERIC_ERROR
            | Cr0Flags::MONITOR_COPROCESSOR
            | Cr0Flags::ALIGNMENT_MASK,
    );
    // SAFETY: paging and long mode stay on; the kernel writes no read-only page.
    unsafe { Cr0::write(cr0) };

    let has = features::get();
    let mut cr4 = Cr4::read();
    cr4.remove(Cr4Flags::TIMESTAMP_DISABLE);
    cr4.insert(Cr4Flags::PAGE_GLOBAL | Cr4Flags::OSFXSR | Cr4Flags::OSXMMEXCPT_ENABLE);
    cr4.set(Cr4Flags::SUPERVISOR_MODE_EXECUTION_PROTECTION, has.smep);
    cr4.set(Cr4Flags::SUPERVISOR_MODE_ACCESS_PREVENTION, has.smap);
    cr4.set(Cr4Flags::USER_MODE_INSTRUCTION_PREVENTION, has.umip);
    cr4.set(Cr4Flags::FSGSBASE, has.fsgsbase);
    // SAFETY: each bit is set only where the CPU has it, and the kernel's own pages are not user pages.
    unsafe { Cr4::write(cr4) };
    cache::install_attributes();
}

/// Physical address of the top-level page table that this CPU uses.
pub(crate) fn page_table_root() -> u64 {
    Cr3::read().0.start_address().as_u64()
}

/// Makes this CPU use another top-level page table.
///
/// # Safety
/// The table must map the kernel's image, the stack in use and the physmap as they are mapped now.
pub(crate) unsafe fn load_page_table_root(root: u64) {
    let frame = PhysFrame::containing_address(PhysAddr::new_truncate(root));
    // SAFETY: by contract.
    unsafe { Cr3::write(frame, Cr3Flags::empty()) };
}
