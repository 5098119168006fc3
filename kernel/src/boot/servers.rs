//! The first programs: puts them where they run, writes the boot records, and says how they start.

use super::facts::Facts;
use crate::memory::physmap;
use pecan_abi::kip::{MemoryDescriptor, ServerInfo};
use pecan_bootdata::archive::{MEMBER_LIMIT, Member};
use pecan_bootdata::program::Program;
use pecan_bootdata::records::{self, ProgramLine};
use pecan_bootdata::regions::Region;

/// What the kernel interface page says of the first programs.
pub(crate) struct Loaded {
    /// sigma0.
    pub(crate) sigma0: ServerInfo,
    /// The root task.
    pub(crate) root: ServerInfo,
    /// Physical address of the boot records.
    pub(crate) boot_info: u64,
    /// The memory descriptors, in the order in which they count.
    pub(crate) memory: &'static [MemoryDescriptor],
}

/// Copies the programs and writes the records. Once, before anything else uses memory outside of the reserve.
pub(crate) fn load(facts: &'static Facts) -> Loaded {
    copy(&facts.image.sigma0);
    copy(&facts.image.root);
    let mut modules = arrayvec::ArrayVec::<(Member<'static>, u64), MEMBER_LIMIT>::new();
    modules.extend(
        facts
            .image
            .modules
            .iter()
            .map(|module| (*module, module_region(module).start)),
    );
    let records = memory(facts.records);
    records.fill(0);
    if records::write(
        records,
        &programs(&facts.image.sigma0, &facts.image.root, facts.root_line),
        &modules,
    )
    .is_none()
    {
        log::error!("the boot records do not fit");
    }
    Loaded {
        sigma0: start_values(&facts.image.sigma0),
        root: start_values(&facts.image.root),
        boot_info: facts.records.start,
        memory: &facts.descriptors,
    }
}

/// Stack pointer 0: the program sets its own before it uses it.
fn start_values(program: &Program<'static>) -> ServerInfo {
    let hull = program.hull();
    ServerInfo {
        sp: 0,
        ip: program.entry,
        low: hull.start,
        high: hull.end,
    }
}

/// The loaded programs with their command lines.
pub(super) fn programs<'a>(
    sigma0: &'a Program<'a>,
    root: &'a Program<'a>,
    root_line: &'a str,
) -> [ProgramLine<'a>; 2] {
    [
        ProgramLine {
            program: sigma0,
            line: "sigma0",
        },
        ProgramLine {
            program: root,
            line: root_line,
        },
    ]
}

/// Where a file of the archive lies in physical memory.
pub(super) fn module_region(module: &Member<'static>) -> Region {
    Region::sized(
        physmap::to_phys(module.data.as_ptr()),
        module.data.len() as u64,
    )
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
    unsafe {
        core::slice::from_raw_parts_mut(physmap::to_virt(region.start), region.size() as usize)
    }
}
