//! I/O ports: input and output instructions, and taking ports back. A space has the ports that somebody mapped to it;
//! [`sigma0::request_ports`](crate::sigma0::request_ports) is where they come from. Who uses others faults, and its
//! pager is asked.
//!
//! ```no_run
//! use l4::{IoFpage, port, sigma0};
//! # fn f() -> Result<(), sigma0::RequestError> {
//! const CLOCK: u16 = 0x70;
//! sigma0::request_ports(IoFpage::new(CLOCK, 1))?;
//! // SAFETY: the real-time clock writes no memory.
//! unsafe { port::write8(CLOCK, 0) };
//! // SAFETY: as above.
//! let seconds = unsafe { port::read8(CLOCK + 1) };
//! # Ok(()) }
//! ```

use core::arch::asm;

use pecan_abi::fpage::IoFpage;

use crate::memory;

macro_rules! ports {
    ($($bits:literal $type:ty, $read:ident, $write:ident, $register:tt;)+) => {
        $(
            #[doc = concat!("Reads ", $bits, " bits from `port`.")]
            ///
            /// # Safety
            /// What the device does then leaves alone all memory that Rust uses.
            #[inline]
            #[must_use]
            pub unsafe fn $read(port: u16) -> $type {
                let value: $type;
                // SAFETY: the caller vouches for the device; nothing else is touched.
                unsafe {
                    asm!(concat!("in ", $register, ", dx"), in("dx") port, out($register) value,
                         options(nostack, preserves_flags));
                }
                value
            }

            #[doc = concat!("Writes ", $bits, " bits to `port`.")]
            ///
            /// # Safety
            /// What the device does then leaves alone all memory that Rust uses.
            #[inline]
            pub unsafe fn $write(port: u16, value: $type) {
                // SAFETY: the caller vouches for the device; nothing else is touched.
                unsafe {
                    asm!(concat!("out dx, ", $register), in("dx") port, in($register) value,
                         options(nostack, preserves_flags));
                }
            }
        )+
    };
}

ports! {
    "8" u8, read8, write8, "al";
    "16" u16, read16, write16, "ax";
    "32" u32, read32, write32, "eax";
}

/// Takes the ports from everyone who got them from this space.
pub fn unmap(ports: IoFpage) {
    memory::unmap(ports.fpage());
}

/// As [`unmap`], and from this space itself.
pub fn flush(ports: IoFpage) {
    // SAFETY: no memory is taken away.
    unsafe { memory::flush(ports.fpage()) };
}
