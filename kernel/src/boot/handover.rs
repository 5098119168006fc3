//! What the boot loader hands over, whichever it is.

use super::{entry, multiboot2, pvh, refuse};
use crate::arch::x86_64::power;
use arrayvec::ArrayVec;
use pecan_bootdata::memory_map::MemoryMap;
use pecan_bootdata::regions::Region;

/// Longest command line, in bytes; the rest is cut off with a warning.
const COMMAND_LINE_LIMIT: usize = 2048;

/// What the loader says, copied out of its memory.
#[derive(Default)]
pub(super) struct Handover {
    /// The firmware's memory map.
    pub(super) memory: MemoryMap,
    /// The kernel's command line.
    pub(super) command_line: ArrayVec<u8, COMMAND_LINE_LIMIT>,
    /// Where the boot archive is: the first module.
    pub(super) image: Option<Region>,
    /// How many modules the loader brought.
    pub(super) modules: usize,
    /// Physical address of the ACPI root pointer.
    pub(super) rsdp: Option<u64>,
}

impl Handover {
    /// Copies a command line.
    pub(super) fn take_command_line(&mut self, line: &[u8]) {
        let length = line.len().min(COMMAND_LINE_LIMIT);
        if length < line.len() {
            log::warn!("the command line is cut off after {length} bytes");
        }
        self.command_line.clear();
        let _ = self.command_line.try_extend_from_slice(&line[..length]);
    }
}

/// Reads what the loader left. Ends the machine if that is not to be understood.
pub(super) fn take(protocol: u32, info: u32) -> Handover {
    let (name, handover) = match protocol {
        entry::PVH_MAGIC => ("PVH", pvh::read(info)),
        ::multiboot2::MAGIC => ("Multiboot2", multiboot2::read(info)),
        _ => refuse(
            power::PANIC,
            format_args!("unknown boot protocol {protocol:#x}"),
        ),
    };
    let Some(handover) = handover else {
        refuse(
            power::PANIC,
            format_args!("the {name} boot information at {info:#x} is unusable"),
        );
    };
    if handover.memory.entries().is_empty() {
        refuse(
            power::NO_MEMORY,
            format_args!("the boot loader names no memory"),
        );
    }
    if handover.modules > 1 {
        log::warn!(
            "only the first of {} boot modules is used: pack an archive",
            handover.modules
        );
    }
    log::debug!("booted through {name}");
    handover
}
