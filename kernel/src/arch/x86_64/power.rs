//! Ending the machine.

use x86_64::instructions::port::PortWriteOnly;

/// All went well.
pub(crate) const SUCCESS: u8 = 0x10;
/// The kernel panicked.
pub(crate) const PANIC: u8 = 0x20;
/// The boot image is unusable.
pub(crate) const BAD_IMAGE: u8 = 0x21;
/// There is too little memory.
pub(crate) const NO_MEMORY: u8 = 0x22;

/// Port of QEMU's `isa-debug-exit`: writing c ends QEMU with status (c << 1) | 1.
const DEBUG_EXIT: u16 = 0xf4;

/// Ends the virtual machine with a code; stops this CPU for good where that device is missing. Any CPU.
pub(crate) fn exit(code: u8) -> ! {
    let mut port = PortWriteOnly::<u32>::new(DEBUG_EXIT);
    // SAFETY: the port belongs to the exit device, or to nobody.
    unsafe { port.write(u32::from(code)) };
    halt()
}

/// Stops this CPU for good.
pub(crate) fn halt() -> ! {
    loop {
        x86_64::instructions::interrupts::disable();
        x86_64::instructions::hlt();
    }
}
