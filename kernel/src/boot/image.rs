//! The boot archive: what is in it, and where its programs go. Ends the machine if it is unusable.

use super::{early, refuse};
use crate::arch::x86_64::power::BAD_IMAGE;
use crate::memory::layout::{Image as Kernel, PAGE};
use arrayvec::ArrayVec;
use core::fmt::Arguments;
use pecan_bootdata::archive::{self, MEMBER_LIMIT, Member, Members};
use pecan_bootdata::memory_map::Memory;
use pecan_bootdata::program::Program;
use pecan_bootdata::regions::Region;

/// Name of the archive's first pager.
const SIGMA0: &str = "sigma0";
/// Name of the archive's root task.
const ROOT: &str = "root";

/// What the archive holds.
pub(crate) struct Image {
    /// Where the archive is.
    pub(crate) archive: Region,
    /// The first pager.
    pub(crate) sigma0: Program<'static>,
    /// The root task.
    pub(crate) root: Program<'static>,
    /// All other files.
    pub(crate) modules: ArrayVec<Member<'static>, MEMBER_LIMIT>,
}

/// Reads the archive and takes its place and its programs' places out of `free`, from which the kernel is out already.
pub(super) fn read(archive: Option<Region>, free: &mut Memory) -> Image {
    let Some(archive) = archive else {
        bad(format_args!(
            "there is no boot image (give one with -initrd or as the first module)"
        ));
    };
    if !free.contains(archive) {
        bad(format_args!(
            "the boot image at {:#x}-{:#x} does not lie in free memory",
            archive.start, archive.end
        ));
    }
    let Some(bytes) = early::bytes(archive.start, archive.size()) else {
        bad(format_args!(
            "the boot image at {:#x}-{:#x} does not lie below 4 GiB",
            archive.start, archive.end
        ));
    };
    let members = match archive::open(bytes) {
        Ok(members) => members,
        Err(damage) => bad(format_args!("the boot image is unusable: {damage}")),
    };
    free.remove(archive.outward(PAGE));
    let kernel = (Kernel::get().physical(), "the kernel");
    let archive_is = (archive.outward(PAGE), "the boot image");
    let sigma0 = program(&members, SIGMA0, free, &[kernel, archive_is]);
    let root = program(
        &members,
        ROOT,
        free,
        &[kernel, archive_is, (sigma0.hull(), SIGMA0)],
    );
    let modules = members
        .into_iter()
        .filter(|member| ![SIGMA0, ROOT].contains(&member.name))
        .collect();
    Image {
        archive,
        sigma0,
        root,
        modules,
    }
}

fn program(
    members: &Members<'static>,
    name: &str,
    free: &mut Memory,
    taken: &[(Region, &'static str)],
) -> Program<'static> {
    let Some(member) = members.iter().find(|member| member.name == name) else {
        bad(format_args!("the boot image has no \"{name}\""));
    };
    let checked = Program::read(member.data)
        .and_then(|program| program.occupy(free, taken).map(|()| program));
    match checked {
        Ok(program) => program,
        Err(refusal) => bad(format_args!("\"{name}\" {refusal}")),
    }
}

fn bad(why: Arguments<'_>) -> ! {
    refuse(BAD_IMAGE, why)
}
