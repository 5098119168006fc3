//! How a virtual machine ends: the code written to QEMU's debug-exit port.
//!
//! QEMU ends with status (code << 1) | 1. Status 0 means that the machine reset itself, which is a triple fault.

/// Port of the debug-exit device.
pub const PORT: u16 = 0xF4;
/// The root task is satisfied.
pub const SUCCESS: u32 = 0x10;
/// The root task reports a failure.
pub const FAILURE: u32 = 0x11;
/// The kernel panicked.
pub const PANIC: u32 = 0x20;
/// The boot image is damaged or lacks something.
pub const BAD_IMAGE: u32 = 0x21;
/// There is too little memory to start.
pub const NO_MEMORY: u32 = 0x22;

/// Exit status of QEMU for a code.
#[inline]
pub const fn qemu_status(code: u32) -> u32 {
    code << 1 | 1
}

/// The code behind an exit status of QEMU; `None` if the status does not come from the debug-exit device.
#[inline]
pub const fn from_qemu_status(status: u32) -> Option<u32> {
    if status & 1 == 1 && status > 1 {
        Some(status >> 1)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses() {
        assert_eq!(qemu_status(SUCCESS), 0x21);
        for code in [SUCCESS, FAILURE, PANIC, BAD_IMAGE, NO_MEMORY] {
            assert_eq!(from_qemu_status(qemu_status(code)), Some(code));
            assert!(qemu_status(code) < 256, "must fit an exit status");
        }
        assert_eq!((from_qemu_status(0), from_qemu_status(1)), (None, None));
    }
}
