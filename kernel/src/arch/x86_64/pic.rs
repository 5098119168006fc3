//! The interrupt controllers outside of the CPUs, silenced: firmware leaves them as it likes.

use crate::memory::{kernel_space, layout, physmap, reserve};
use pecan_bootdata::regions::Region;
use x86_64::instructions::port::PortWriteOnly;

const MASTER_MASK: u16 = 0x21;
const SLAVE_MASK: u16 = 0xa1;

/// Masks all lines of the two 8259 controllers: an IRQ 0 of theirs would look like a double fault.
pub(crate) fn mask_8259() {
    for port in [MASTER_MASK, SLAVE_MASK] {
        // SAFETY: the ports belong to the 8259s, or to nobody.
        unsafe { PortWriteOnly::<u8>::new(port).write(0xff) };
    }
}

const SELECT: u64 = 0x00;
const WINDOW: u64 = 0x10;
const VERSION: u32 = 1;
const FIRST_LINE: u32 = 0x10;
const LINE_MASKED: u32 = 1 << 16;

/// Maps the I/O APIC at a physical address, takes it from users, and masks all its lines. Boot CPU, before the others start.
///
/// # Errors
/// When the reserve has no frame for the page table that shows the registers.
pub(crate) fn mask_io_apic(phys: u64) -> Result<(), kernel_space::OutOfMemory> {
    kernel_space::map_device(phys, layout::PAGE)?;
    reserve::forbid(Region::sized(phys, layout::PAGE).outward(layout::PAGE));
    let lines = ((select(phys, VERSION).read() >> 16) & 0xff) + 1;
    for line in 0..lines {
        select(phys, FIRST_LINE + 2 * line).write(LINE_MASKED);
    }
    Ok(())
}

/// The window behind which the selected register shows.
struct Window(*mut u32);

fn select(phys: u64, register: u32) -> Window {
    // SAFETY: `mask_io_apic` mapped the registers; only the boot CPU uses them.
    unsafe {
        physmap::to_virt(phys + SELECT)
            .cast::<u32>()
            .write_volatile(register)
    };
    Window(physmap::to_virt(phys + WINDOW).cast())
}

impl Window {
    fn read(&self) -> u32 {
        // SAFETY: as in `select`.
        unsafe { self.0.read_volatile() }
    }

    fn write(&self, value: u32) {
        // SAFETY: as in `select`.
        unsafe { self.0.write_volatile(value) };
    }
}
