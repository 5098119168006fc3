//! The I/O APICs: where the interrupt lines of devices end.
//!
//! A line has one number in the whole machine. Line n interrupts with vector `FIRST_LINE` + n, whichever CPU it is
//! routed to. The registers of an I/O APIC are reached in two steps, so a lock guards them; any CPU, interrupts off.

use super::apic::vector::{FIRST_LINE, LAST_LINE};
use crate::boot::Facts;
use crate::memory::{kernel_space, layout, physmap, reserve};
use core::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use pecan_bootdata::madt::Signal;
use pecan_bootdata::regions::Region;
use spin::Mutex;

/// Lines that can be used: as many as there are vectors, and so few that user threads begin where programs expect.
pub(crate) const LIMIT: usize = (LAST_LINE - FIRST_LINE) as usize + 1;

const SELECT: u64 = 0x00;
const WINDOW: u64 = 0x10;
const VERSION: u32 = 1;
const FIRST_ENTRY: u32 = 0x10;
const MASKED: u32 = 1 << 16;
const LEVEL: u32 = 1 << 15;
const LOW: u32 = 1 << 13;
/// The highest local-APIC id that an entry can name; 255 is everybody.
const HIGHEST_APIC_ID: u32 = 254;

/// An I/O APIC.
#[derive(Clone, Copy)]
struct Chip {
    phys: u64,
}

/// Where a line ends.
struct Pin {
    /// The lower word of its entry; 0 if there is no such line.
    entry: AtomicU32,
    /// The register of that word.
    register: AtomicU32,
    /// The physical address of the I/O APIC.
    chip: AtomicU64,
}

/// Holding the lock gives the right to use the registers of all I/O APICs and to change [`PINS`].
static REGISTERS: Mutex<()> = Mutex::new(());

static PINS: [Pin; LIMIT] = [const { Pin::new() }; LIMIT];

/// One more than the highest line.
static LINES: AtomicU32 = AtomicU32::new(0);

/// Maps the I/O APICs, takes them from users, and masks all their lines. Boot CPU, before the others start.
///
/// # Errors
/// When the reserve has no frame for the page table that shows the registers.
pub(crate) fn set_up(facts: &Facts) -> Result<(), kernel_space::OutOfMemory> {
    let _registers = REGISTERS.lock();
    for io_apic in &facts.io_apics {
        kernel_space::map_device(io_apic.phys, layout::PAGE)?;
        reserve::forbid(Region::sized(io_apic.phys, layout::PAGE).outward(layout::PAGE));
        let chip = Chip { phys: io_apic.phys };
        for index in 0..=((chip.read(VERSION) >> 16) & 0xff) {
            chip.write(FIRST_ENTRY + 2 * index, MASKED);
            if let Some(line) = io_apic.first.checked_add(index) {
                note(line, chip, FIRST_ENTRY + 2 * index, facts);
            }
        }
    }
    Ok(())
}

fn note(line: u32, chip: Chip, register: u32, facts: &Facts) {
    let Some(pin) = pin(line) else {
        log::warn!("interrupt line {line} cannot be used: {LIMIT} is the limit");
        return;
    };
    let unusual = facts.unusual.iter().find(|unusual| unusual.line == line);
    let signal = unusual.map_or(Signal::usual(line), |unusual| unusual.signal);
    let vector = u32::from(FIRST_LINE) + line;
    let trigger = if signal.level { LEVEL } else { 0 } | if signal.low { LOW } else { 0 };
    pin.chip.store(chip.phys, Ordering::Relaxed);
    pin.register.store(register, Ordering::Relaxed);
    pin.entry
        .store(vector | trigger | MASKED, Ordering::Relaxed);
    LINES.fetch_max(line + 1, Ordering::Relaxed);
}

fn pin(line: u32) -> Option<&'static Pin> {
    PINS.get(line as usize)
}

/// One more than the highest line.
pub(crate) fn lines() -> u32 {
    LINES.load(Ordering::Relaxed)
}

/// Whether there is such a line.
pub(crate) fn exists(line: u32) -> bool {
    pin(line).is_some_and(|pin| pin.entry.load(Ordering::Relaxed) != 0)
}

/// Whether the line interrupts as long as it is active, so that it must be masked until its device is served.
#[inline]
pub(crate) fn is_level(line: u32) -> bool {
    pin(line).is_some_and(|pin| pin.entry.load(Ordering::Relaxed) & LEVEL != 0)
}

/// The line does not interrupt from now on.
pub(crate) fn mask(line: u32) {
    change(line, MASKED);
}

/// The line interrupts. One that is active, and that is of the kind that interrupts as long as it is, does so at once.
pub(crate) fn unmask(line: u32) {
    change(line, 0);
}

#[inline]
fn change(line: u32, masked: u32) {
    let Some(pin) = pin(line) else { return };
    let _registers = REGISTERS.lock();
    let before = pin.entry.load(Ordering::Relaxed);
    let after = before & !MASKED | masked;
    if before != after && before != 0 {
        pin.entry.store(after, Ordering::Relaxed);
        pin.write(0, after);
    }
}

/// Whether lines can be routed to the CPU with this local-APIC id.
pub(crate) fn reaches(apic_id: u32) -> bool {
    apic_id <= HIGHEST_APIC_ID
}

/// The line interrupts the CPU with this local-APIC id from now on; not if lines do not reach it.
pub(crate) fn route(line: u32, apic_id: u32) {
    let Some(pin) = pin(line).filter(|_| exists(line) && reaches(apic_id)) else {
        return;
    };
    let _registers = REGISTERS.lock();
    pin.write(1, apic_id << 24);
}

impl Pin {
    const fn new() -> Self {
        Self {
            entry: AtomicU32::new(0),
            register: AtomicU32::new(0),
            chip: AtomicU64::new(0),
        }
    }

    /// Writes a word of the entry, 0 or 1, of a line that exists. The caller holds [`REGISTERS`].
    #[inline]
    fn write(&self, word: u32, value: u32) {
        let chip = Chip {
            phys: self.chip.load(Ordering::Relaxed),
        };
        chip.write(self.register.load(Ordering::Relaxed) + word, value);
    }
}

impl Chip {
    fn select(self, register: u32) -> *mut u32 {
        let select = physmap::to_virt(self.phys + SELECT).cast::<u32>();
        // SAFETY: `set_up` mapped the registers, and the caller holds the lock.
        unsafe { select.write_volatile(register) };
        physmap::to_virt(self.phys + WINDOW).cast()
    }

    fn read(self, register: u32) -> u32 {
        let window = self.select(register);
        // SAFETY: as in `select`.
        unsafe { window.read_volatile() }
    }

    fn write(self, register: u32, value: u32) {
        let window = self.select(register);
        // SAFETY: as in `select`.
        unsafe { window.write_volatile(value) };
    }
}
