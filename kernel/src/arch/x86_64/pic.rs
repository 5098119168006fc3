//! The old interrupt controllers, silenced: firmware leaves them as it likes.

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
