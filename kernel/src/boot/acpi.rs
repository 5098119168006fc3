//! What ACPI says of the machine: processors, I/O APICs, timers.
//!
//! The tables are the firmware's, and may be wrong in any way: whatever could lead the parser outside of them is checked before it sees them.

use super::early;
use super::facts::CPU_LIMIT;
use acpi::fadt::Fadt;
use acpi::hpet::HpetTable;
use acpi::madt::{Madt, MadtEntry};
use acpi::{AcpiHandler, AcpiTable, AcpiTables, PhysicalMapping};
use arrayvec::ArrayVec;
use core::ptr::NonNull;
use pecan_bootdata::madt::{self, Processor, Signal};

/// Longest table that is believed, in bytes.
const TABLE_LIMIT: usize = 1 << 20;

/// Longest list of tables that is believed, in bytes: about a thousand tables.
const ROOT_LIMIT: usize = 8 << 10;

/// Bytes of every table's header.
const HEADER: usize = 36;

/// Most I/O APICs that are used.
pub(super) const IO_APIC_LIMIT: usize = 16;

/// Interrupts of the ISA bus, each of which may be overridden.
pub(super) const OVERRIDE_LIMIT: usize = 16;

/// An I/O APIC.
#[derive(Clone, Copy, Debug)]
pub(crate) struct IoApic {
    /// Physical address of its registers.
    pub(crate) phys: u64,
    /// Number of its first line.
    pub(crate) first: u32,
}

/// A line that does not signal as is usual for its number.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unusual {
    /// Number of the line.
    pub(crate) line: u32,
    /// What it does.
    pub(crate) signal: Signal,
}

/// What the tables say, as far as the kernel asks.
#[derive(Default)]
pub(super) struct Machine {
    /// Local-APIC ids in the order of the table, usable ones only.
    pub(super) cpus: ArrayVec<u32, CPU_LIMIT>,
    /// The I/O APICs.
    pub(super) io_apics: ArrayVec<IoApic, IO_APIC_LIMIT>,
    /// Lines that signal unusually.
    pub(super) unusual: ArrayVec<Unusual, OVERRIDE_LIMIT>,
    /// Physical address of the HPET.
    pub(super) hpet: Option<u64>,
    /// I/O port of the power-management timer.
    pub(super) pm_timer: Option<u16>,
}

/// Reads the tables behind the root pointer; `None` (after a warning) if they are not there or broken.
pub(super) fn read(rsdp: Option<u64>, x2apic: bool) -> Option<Machine> {
    let Some(rsdp) = rsdp else {
        log::warn!("no ACPI: only the boot CPU is used");
        return None;
    };
    if !root_is_sound(rsdp) {
        log::warn!("the ACPI root at {rsdp:#x} is broken: only the boot CPU is used");
        return None;
    }
    // SAFETY: the root pointer and the header of the table that it names were checked just now.
    let tables = match unsafe { AcpiTables::from_rsdp(Window, rsdp as usize) } {
        Ok(tables) => tables,
        Err(error) => {
            log::warn!("the ACPI tables are broken ({error:?}): only the boot CPU is used");
            return None;
        }
    };
    let mut machine = Machine {
        hpet: hpet(&tables),
        pm_timer: pm_timer(&tables),
        ..Machine::default()
    };
    read_madt(&tables, x2apic, &mut machine);
    Some(machine)
}

fn read_madt(tables: &AcpiTables<Window>, x2apic: bool, machine: &mut Machine) {
    let Ok(table) = tables.find_table::<Madt>() else {
        log::warn!("ACPI does not name the processors: only the boot CPU is used");
        return;
    };
    if !bytes(&table).is_some_and(madt::is_sound) {
        log::warn!("ACPI's list of processors is broken: only the boot CPU is used");
        return;
    }
    for entry in table.get().entries() {
        match entry {
            MadtEntry::LocalApic(e) => take_cpu(
                machine,
                Processor {
                    apic_id: e.apic_id.into(),
                    flags: e.flags,
                },
                x2apic,
            ),
            MadtEntry::LocalX2Apic(e) => take_cpu(
                machine,
                Processor {
                    apic_id: e.x2apic_id,
                    flags: e.flags,
                },
                x2apic,
            ),
            MadtEntry::IoApic(e) => {
                let _ = machine.io_apics.try_push(IoApic {
                    phys: e.io_apic_address.into(),
                    first: e.global_system_interrupt_base,
                });
            }
            MadtEntry::InterruptSourceOverride(e) => {
                let _ = machine.unusual.try_push(Unusual {
                    line: e.global_system_interrupt,
                    signal: Signal::of_override(e.flags),
                });
            }
            _ => {}
        }
    }
}

fn take_cpu(machine: &mut Machine, processor: Processor, x2apic: bool) {
    let apic_id = processor.apic_id;
    if processor.flags & 1 == 0 || machine.cpus.contains(&apic_id) {
        return;
    }
    if !processor.is_usable(x2apic) {
        log::warn!("the CPU with APIC id {apic_id} cannot be reached and is left out");
    } else if machine.cpus.try_push(apic_id).is_err() {
        log::warn!("the CPU with APIC id {apic_id} is left out: {CPU_LIMIT} is the limit");
    }
}

fn hpet(tables: &AcpiTables<Window>) -> Option<u64> {
    let table = tables.find_table::<HpetTable>().ok()?;
    let bytes = bytes(&table)?;
    // A generic address: its space (0 is memory), then from byte 4 on the address.
    let space = *bytes.get(40)?;
    let address = u64::from_le_bytes(bytes.get(44..52)?.try_into().ok()?);
    (space == 0 && address != 0).then_some(address)
}

fn pm_timer(tables: &AcpiTables<Window>) -> Option<u16> {
    let table = tables.find_table::<Fadt>().ok()?;
    if bytes(&table)?.len() < 116 {
        return None;
    }
    let block = table.get().pm_timer_block().ok()??;
    let in_ports = block.address_space == acpi::address::AddressSpace::SystemIo;
    block
        .address
        .try_into()
        .ok()
        .filter(|port| in_ports && *port != 0)
}

/// All bytes of a table, if its length makes sense.
fn bytes<T: AcpiTable>(table: &PhysicalMapping<Window, T>) -> Option<&'static [u8]> {
    let length = table.get().header().length as usize;
    let start = table.physical_start() as u64;
    (HEADER..=TABLE_LIMIT)
        .contains(&length)
        .then(|| early::bytes(start, length as u64))
        .flatten()
}

/// Are the root pointer and the header of the root table such that the parser stays inside of them?
fn root_is_sound(rsdp: u64) -> bool {
    root_length(rsdp).is_some_and(|length| (HEADER..=ROOT_LIMIT).contains(&(length as usize)))
}

fn root_length(rsdp: u64) -> Option<u32> {
    let word =
        |bytes: &[u8], at: usize| Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
    let pointer = early::bytes(rsdp, 36)?;
    let root = if pointer[15] == 0 {
        u64::from(word(pointer, 16)?)
    } else {
        let _whole = Some(word(pointer, 20)?).filter(|length| (36..=4096).contains(length))?;
        u64::from_le_bytes(pointer.get(24..32)?.try_into().ok()?)
    };
    word(early::bytes(root, HEADER as u64)?, 4)
}

/// Shows the parser physical memory: what the first page tables map, and zeros instead of anything else.
#[derive(Clone, Copy)]
struct Window;

static NOTHING: [u64; 512] = [0; 512];

impl AcpiHandler for Window {
    unsafe fn map_physical_region<T>(
        &self,
        address: usize,
        size: usize,
    ) -> PhysicalMapping<Self, T> {
        let shown = if size <= TABLE_LIMIT {
            early::bytes(address as u64, size as u64)
        } else {
            None
        };
        let start = shown.map_or(NOTHING.as_ptr().cast(), <[u8]>::as_ptr);
        let pointer = NonNull::new(start.cast_mut())
            .unwrap_or(NonNull::dangling())
            .cast::<T>();
        // SAFETY: the bytes are mapped for as long as the first page tables are in use, which is longer than the tables are read.
        // Zeros have no table's signature, so the parser reads nothing behind their header.
        unsafe { PhysicalMapping::new(address, pointer, size, size, *self) }
    }

    fn unmap_physical_region<T>(_: &PhysicalMapping<Self, T>) {}
}
