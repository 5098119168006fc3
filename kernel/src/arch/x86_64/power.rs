//! Ending the machine.

use x86_64::instructions::port::PortWriteOnly;

pub(crate) use pecan_abi::exit::{BAD_IMAGE, NO_MEMORY, PANIC};

/// Ends the virtual machine with a code; stops this CPU for good where that device is missing. Any CPU.
pub(crate) fn exit(code: u32) -> ! {
    let mut port = PortWriteOnly::<u32>::new(pecan_abi::exit::PORT);
    // SAFETY: the port belongs to the exit device, or to nobody.
    unsafe { port.write(code) };
    halt()
}

/// Stops this CPU for good.
pub(crate) fn halt() -> ! {
    loop {
        x86_64::instructions::interrupts::disable();
        x86_64::instructions::hlt();
    }
}
