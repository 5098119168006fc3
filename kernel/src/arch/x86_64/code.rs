//! Looking at the kernel's own code.

/// Whether the kernel instruction at `ip`, which has just faulted, begins with these bytes.
pub(crate) fn starts_with(ip: u64, bytes: [u8; 3]) -> bool {
    // SAFETY: the CPU has just executed from there, so it is mapped; three bytes may not cross into nothing, since
    // code is followed by the image's other parts.
    unsafe { (ip as *const [u8; 3]).read_unaligned() == bytes }
}
