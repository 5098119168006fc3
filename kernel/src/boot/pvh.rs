//! What PVH hands over: the start info of the Xen project's boot protocol for virtual machines.

use super::early::{self, Plain};
use super::handover::Handover;
use pecan_bootdata::regions::Region;

#[derive(Clone, Copy)]
#[repr(C)]
struct StartInfo {
    magic: u32,
    version: u32,
    flags: u32,
    module_count: u32,
    modules: u64,
    command_line: u64,
    rsdp: u64,
    memory_map: u64,
    memory_map_count: u32,
    reserved: u32,
}

#[derive(Clone, Copy)]
#[repr(C)]
struct Module {
    address: u64,
    size: u64,
    command_line: u64,
    reserved: u64,
}

#[derive(Clone, Copy)]
#[repr(C)]
struct MapEntry {
    address: u64,
    size: u64,
    kind: u32,
    reserved: u32,
}

// SAFETY: integers only.
unsafe impl Plain for StartInfo {}
// SAFETY: integers only.
unsafe impl Plain for Module {}
// SAFETY: integers only.
unsafe impl Plain for MapEntry {}

/// Reads the start info; `None` if there is none at that address, or one without a memory map.
pub(super) fn read(info: u32) -> Option<Handover> {
    let start: StartInfo = early::read(u64::from(info))?;
    if start.magic != super::entry::PVH_MAGIC || start.version == 0 {
        return None;
    }
    let mut handover = Handover {
        rsdp: (start.rsdp != 0).then_some(start.rsdp),
        modules: start.module_count as usize,
        ..Handover::default()
    };
    for i in 0..u64::from(start.memory_map_count.min(4096)) {
        let entry: MapEntry = early::read(start.memory_map + i * size_of::<MapEntry>() as u64)?;
        handover.memory.push(entry.address, entry.size, entry.kind);
    }
    if start.module_count > 0 {
        handover.image = early::read::<Module>(start.modules)
            .map(|module| Region::sized(module.address, module.size));
    }
    handover
        .take_command_line(early::string(start.command_line, u64::from(u16::MAX)).unwrap_or(&[]));
    Some(handover)
}
