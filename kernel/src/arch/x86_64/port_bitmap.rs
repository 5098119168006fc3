//! Whether the processor looks at this CPU's I/O permission bitmap: the task state says where the bitmap begins.

use core::arch::asm;

use crate::cpu::offsets::{PORT_BITMAP, PORT_BITMAP_BASE};

/// Beyond the task state's limit: programs may use no port.
const NOWHERE: u16 = u16::MAX;

/// Programs on this CPU may use the ports that the bitmap allows. Interrupts off.
pub(crate) fn switch_on() {
    set(PORT_BITMAP);
}

/// Programs on this CPU may use no port. Interrupts off.
pub(crate) fn switch_off() {
    set(NOWHERE);
}

fn set(base: u16) {
    // SAFETY: the field is the task state's in this CPU's block, and whatever is there, the kernel may use all ports.
    unsafe {
        asm!("mov word ptr gs:[{field}], {base:x}", field = const PORT_BITMAP_BASE, base = in(reg) base, options(nostack, preserves_flags))
    };
}
