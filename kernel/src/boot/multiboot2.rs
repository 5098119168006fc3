//! What a Multiboot2 loader hands over.

use super::handover::Handover;
use crate::memory::physmap;
use ::multiboot2::{BootInformation, BootInformationHeader};
use pecan_bootdata::regions::Region;

/// Reads the boot information; `None` if there is none at that address, or one without a memory map.
pub(super) fn read(info: u32) -> Option<Handover> {
    let pointer = physmap::to_virt(u64::from(info)).cast_const();
    // SAFETY: the loader put its information there, below 4 GiB; the crate checks its header and its end.
    let information =
        unsafe { BootInformation::load(pointer.cast::<BootInformationHeader>()) }.ok()?;
    let mut handover = Handover::default();
    for area in information.memory_map_tag()?.memory_areas() {
        handover
            .memory
            .push(area.start_address(), area.size(), u32::from(area.typ()));
    }
    handover.modules = information.module_tags().count();
    handover.image = information
        .module_tags()
        .next()
        .map(|module| Region::new(module.start_address().into(), module.end_address().into()));
    if let Some(Ok(text)) = information.command_line_tag().map(|tag| tag.cmdline()) {
        handover.take_command_line(text.as_bytes());
    }
    handover.rsdp = rsdp(&information);
    Some(handover)
}

/// Physical address of the loader's copy of the ACPI root pointer, which stands behind its tag's 8-byte header.
fn rsdp(information: &BootInformation<'_>) -> Option<u64> {
    let newer = information
        .rsdp_v2_tag()
        .map(|tag| core::ptr::from_ref(tag).cast::<u8>());
    let older = information
        .rsdp_v1_tag()
        .map(|tag| core::ptr::from_ref(tag).cast::<u8>());
    newer.or(older).map(|tag| physmap::to_phys(tag) + 8)
}
