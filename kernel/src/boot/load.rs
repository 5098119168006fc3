//! Puts the archive's programs where they run, and writes the boot records.

use super::facts::Facts;
use crate::memory::physmap;
use pecan_bootdata::archive::{MEMBER_LIMIT, Member};
use pecan_bootdata::program::Program;
use pecan_bootdata::records::{self, Loaded};
use pecan_bootdata::regions::Region;

/// Copies the programs and writes the records. Once, with the kernel's own page tables, before anything else uses memory outside of the reserve.
pub(super) fn load(facts: &Facts) {
    copy(&facts.image.sigma0);
    copy(&facts.image.root);
    let mut modules = arrayvec::ArrayVec::<(Member<'static>, u64), MEMBER_LIMIT>::new();
    modules.extend(facts.image.modules.iter().map(|module| (*module, module_region(module).start)));
    let records = memory(facts.records);
    records.fill(0);
    if records::write(records, &programs(&facts.image.sigma0, &facts.image.root, facts.root_line), &modules).is_none() {
        log::error!("the boot records do not fit");
    }
}

/// The loaded programs with their command lines.
pub(super) fn programs<'a>(sigma0: &'a Program<'a>, root: &'a Program<'a>, root_line: &'a str) -> [Loaded<'a>; 2] {
    [Loaded { program: sigma0, line: "sigma0" }, Loaded { program: root, line: root_line }]
}

/// Where a file of the archive lies in physical memory.
pub(super) fn module_region(module: &Member<'static>) -> Region {
    Region::sized(physmap::to_phys(module.data.as_ptr()), module.data.len() as u64)
}

fn copy(program: &Program<'static>) {
    for part in &program.segments {
        let (content, zeros) = memory(part.physical).split_at_mut(part.content.len());
        content.copy_from_slice(part.content);
        zeros.fill(0);
    }
}

/// Memory that was taken out of the free memory for one purpose, to be filled.
fn memory(region: Region) -> &'static mut [u8] {
    // SAFETY: the region was taken out of the free memory when the image was checked, so it overlaps neither the kernel nor the archive
    // nor another such region; it is RAM, which the physmap shows; and each is filled once.
    unsafe { core::slice::from_raw_parts_mut(physmap::to_virt(region.start), region.size() as usize) }
}
