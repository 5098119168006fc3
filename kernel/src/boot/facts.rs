//! What the kernel knows of the machine. Gathered once, never changed, read by everyone.

use super::acpi::{self, IO_APIC_LIMIT, IoApic, OVERRIDE_LIMIT, Unusual};
use super::handover::Handover;
use super::image::{self, Image};
use super::place;
use crate::arch::x86_64::{apic, features};
use crate::memory::layout::{Image as Kernel, PAGE, PHYSMAP_LIMIT};
use arrayvec::ArrayVec;
use pecan_bootdata::descriptors::Descriptors;
use pecan_bootdata::memory_map::{Memory, MemoryMap};
use pecan_bootdata::options::{Options, Problem};
use pecan_bootdata::regions::Region;
use spin::Once;

/// Most CPUs that are used.
pub(crate) const CPU_LIMIT: usize = 1024;

/// The facts.
pub(crate) struct Facts {
    /// What the command line asks for.
    pub(crate) options: &'static Options<'static>,
    /// The firmware's memory map.
    pub(crate) memory: &'static MemoryMap,
    /// Local-APIC ids of the CPUs that are used, by CPU number. The boot CPU is number 0.
    pub(crate) cpus: ArrayVec<u32, CPU_LIMIT>,
    /// Is the local APIC used through model-specific registers?
    pub(crate) x2apic: bool,
    /// The I/O APICs.
    pub(crate) io_apics: ArrayVec<IoApic, IO_APIC_LIMIT>,
    /// Interrupt lines that signal unusually.
    pub(crate) unusual: ArrayVec<Unusual, OVERRIDE_LIMIT>,
    /// Physical address of the HPET, if there is one.
    pub(crate) hpet: Option<u64>,
    /// I/O port of ACPI's power-management timer, if there is one.
    pub(crate) pm_timer: Option<u16>,
    /// What the boot archive holds.
    pub(crate) image: Image,
    /// The root task's command line.
    pub(crate) root_line: &'static str,
    /// The kernel reserve.
    pub(crate) reserve: Region,
    /// Physical memory of the boot records (L4 X.2, BootInfo); the user's, not the kernel's.
    pub(crate) records: Region,
    /// Usable memory that nothing of the above lies in.
    pub(crate) free: Memory,
    /// The memory descriptors for the kernel interface page, in order.
    pub(crate) descriptors: Descriptors,
}

static HANDOVER: Once<Handover> = Once::new();
static OPTIONS: Once<Options<'static>> = Once::new();
static FACTS: Once<Facts> = Once::new();

/// The facts, once they are gathered.
pub(crate) fn facts() -> Option<&'static Facts> {
    FACTS.get()
}

/// The number of the CPU with a local-APIC id.
pub(crate) fn cpu_with_apic_id(apic_id: u32) -> Option<usize> {
    facts()?.cpus.iter().position(|own| *own == apic_id)
}

/// Makes the facts out of what the boot loader handed over. Once.
pub(super) fn gather(handover: Handover) -> &'static Facts {
    let handover = HANDOVER.call_once(|| handover);
    let options = read_options(&handover.command_line);
    for entry in handover.memory.entries() {
        log::debug!(
            "memory {:#x}-{:#x} kind {}",
            entry.region.start,
            entry.region.end - 1,
            entry.kind
        );
    }
    if handover.memory.left_out() > 0 {
        log::warn!(
            "{} entries of the memory map are left out",
            handover.memory.left_out()
        );
    }
    let x2apic = apic::choose_x2apic(options.force_xapic);
    let mut machine = acpi::read(handover.rsdp, x2apic).unwrap_or_default();
    put_first(&mut machine.cpus, features::apic_id());
    let usable = handover.memory.usable();
    let is_device = |phys: &u64| {
        *phys != 0 && *phys < PHYSMAP_LIMIT - PAGE && !usable.overlaps(Region::sized(*phys, PAGE))
    };
    machine.io_apics.retain(|io_apic| is_device(&io_apic.phys));

    let mut free = usable.clone();
    free.remove(Region::new(0, PAGE));
    free.remove(Kernel::get().physical());
    let image = image::read(handover.image, &mut free);
    let root_line = text(options.root);
    let reserve = place::reserve(
        &mut free,
        usable.size(),
        machine.cpus.len(),
        options.kernel_memory_mib,
        &image,
    );
    let records = place::records(&mut free, &image, root_line);
    let descriptors = place::describe(
        &handover.memory,
        &image,
        reserve,
        records,
        &machine.io_apics,
    );
    FACTS.call_once(|| Facts {
        options,
        memory: &handover.memory,
        cpus: machine.cpus,
        x2apic,
        io_apics: machine.io_apics,
        unusual: machine.unusual,
        hpet: machine.hpet.filter(is_device),
        pm_timer: machine.pm_timer,
        image,
        root_line,
        reserve,
        records,
        free,
        descriptors,
    })
}

/// The text of a command line up to the first byte that is none.
fn text(line: &'static [u8]) -> &'static str {
    core::str::from_utf8(line).unwrap_or_else(|error| {
        log::warn!("the root task's command line is cut off at a byte that is not text");
        line.get(..error.valid_up_to())
            .and_then(|valid| core::str::from_utf8(valid).ok())
            .unwrap_or("")
    })
}

/// Makes the boot CPU number 0; the others keep their order.
fn put_first(cpus: &mut ArrayVec<u32, CPU_LIMIT>, boot_cpu: u32) {
    cpus.retain(|apic_id| *apic_id != boot_cpu);
    if cpus.is_full() {
        cpus.pop();
    }
    cpus.insert(0, boot_cpu);
}

fn read_options(line: &'static [u8]) -> &'static Options<'static> {
    // Levels first, so that they hold for the warnings too.
    let options = OPTIONS.call_once(|| Options::parse(line, |_| {}));
    crate::logging::set_levels(options);
    Options::parse(line, |problem| match problem {
        Problem::Unknown(word) => log::warn!("unknown option ignored: {word}"),
        Problem::BadValue(word) => log::warn!("option with an unusable value ignored: {word}"),
        Problem::NotText => log::warn!("an option that is not text is ignored"),
    });
    options
}
