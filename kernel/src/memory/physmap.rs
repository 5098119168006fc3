//! Physical memory as the kernel sees it.

use super::layout::{KERNEL_OFFSET, PHYSMAP_BASE, PHYSMAP_LIMIT};

/// Where the kernel sees a physical address. The address must be RAM, or a device that was mapped, before it is used.
#[inline]
pub(crate) fn to_virt(phys: u64) -> *mut u8 {
    debug_assert!(
        phys < PHYSMAP_LIMIT,
        "a physical address outside of the physmap"
    );
    (PHYSMAP_BASE + phys) as *mut u8
}

/// The physical address behind a pointer into the physmap or into the kernel's image.
#[inline]
pub(crate) fn to_phys(pointer: *const u8) -> u64 {
    let address = pointer as u64;
    if address >= KERNEL_OFFSET {
        address - KERNEL_OFFSET
    } else {
        address - PHYSMAP_BASE
    }
}

/// Whether the physmap shows a physical address.
pub(crate) fn covers(phys: u64) -> bool {
    phys < PHYSMAP_LIMIT && super::kernel_space::translate(PHYSMAP_BASE + phys) == Some(phys)
}
