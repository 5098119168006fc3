//! Clocks of known speed, to measure others by.

use crate::memory::{kernel_space, layout, physmap};
use x86_64::instructions::port::Port;

/// A counter that runs at a known speed and wraps.
pub(super) enum Reference {
    /// The high-precision event timer: where its registers are, and its frequency.
    Hpet(*mut u8, u64),
    /// The power-management timer of ACPI: its port.
    PmTimer(u16),
    /// Channel 2 of the programmable interval timer, counting down.
    Pit,
}

const HPET_CAPABILITIES: usize = 0x00;
const HPET_CONFIGURATION: usize = 0x10;
const HPET_COUNTER: usize = 0xf0;
const HPET_ENABLED: u64 = 1;
const FEMTOSECONDS: u64 = 1_000_000_000_000_000;
/// Longest period that the HPET's specification permits, in femtoseconds: 100 ns.
const HPET_LONGEST: u64 = 100_000_000;

const PM_TIMER_HZ: u64 = 3_579_545;
const PM_TIMER_MASK: u64 = 0x00ff_ffff;

const PIT_HZ: u64 = 1_193_182;
const PIT_CHANNEL_2: u16 = 0x42;
const PIT_COMMAND: u16 = 0x43;
const PIT_GATE: u16 = 0x61;

impl Reference {
    /// The best clock of this machine that really runs. `hpet` is a physical address, `pm_timer` a port.
    pub(super) fn find(hpet: Option<u64>, pm_timer: Option<u16>) -> Option<Self> {
        let hpet = hpet.and_then(Self::hpet).filter(Self::runs);
        let pm_timer = || pm_timer.map(Self::PmTimer).filter(Self::runs);
        let pit = || Some(Self::pit()).filter(Self::runs);
        hpet.or_else(pm_timer).or_else(pit)
    }

    /// What the log calls it.
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::Hpet(..) => "HPET",
            Self::PmTimer(_) => "ACPI timer",
            Self::Pit => "PIT",
        }
    }

    /// Counts per second.
    pub(super) const fn hz(&self) -> u64 {
        match self {
            Self::Hpet(_, hz) => *hz,
            Self::PmTimer(_) => PM_TIMER_HZ,
            Self::Pit => PIT_HZ,
        }
    }

    /// The counter.
    pub(super) fn read(&self) -> u64 {
        match self {
            Self::Hpet(registers, _) => hpet_read(*registers, HPET_COUNTER),
            // SAFETY: ACPI names this port as the timer's; reading it has no effect.
            Self::PmTimer(port) => u64::from(unsafe { Port::<u32>::new(*port).read() }),
            Self::Pit => pit_read(),
        }
    }

    /// Counts from one reading to a later one, less than one wrap-around apart.
    pub(super) const fn elapsed(&self, from: u64, to: u64) -> u64 {
        match self {
            Self::Hpet(..) => to.wrapping_sub(from) & 0xffff_ffff,
            Self::PmTimer(_) => to.wrapping_sub(from) & PM_TIMER_MASK,
            Self::Pit => from.wrapping_sub(to) & 0xffff,
        }
    }

    fn hpet(phys: u64) -> Option<Self> {
        kernel_space::map_device(phys, layout::PAGE).ok()?;
        let registers = physmap::to_virt(phys);
        let period = hpet_read(registers, HPET_CAPABILITIES) >> 32;
        if period == 0 || period > HPET_LONGEST {
            return None;
        }
        let configuration = hpet_read(registers, HPET_CONFIGURATION);
        let place = registers.wrapping_add(HPET_CONFIGURATION).cast::<u64>();
        // SAFETY: as in `hpet_read`; the bit only lets the counter run.
        unsafe { place.write_volatile(configuration | HPET_ENABLED) };
        Some(Self::Hpet(registers, FEMTOSECONDS / period))
    }

    fn pit() -> Self {
        let mut gate = Port::<u8>::new(PIT_GATE);
        // SAFETY: the port of the speaker and of channel 2's gate, on every PC.
        let old = unsafe { gate.read() };
        // SAFETY: gate on, speaker off.
        unsafe { gate.write((old & !2) | 1) };
        // SAFETY: channel 2, low then high byte, rate generator: it drives nothing but the speaker.
        unsafe { Port::<u8>::new(PIT_COMMAND).write(0b1011_0100) };
        for _ in 0..2 {
            // SAFETY: the count, 0 for 65536.
            unsafe { Port::<u8>::new(PIT_CHANNEL_2).write(0) };
        }
        Self::Pit
    }

    fn runs(&self) -> bool {
        let first = self.read();
        (0..10_000).any(|_| self.elapsed(first, self.read()) != 0)
    }
}

fn hpet_read(registers: *mut u8, offset: usize) -> u64 {
    let place = registers.wrapping_add(offset).cast::<u64>();
    // SAFETY: `hpet` mapped the page of registers, uncached; reading has no effect.
    unsafe { place.read_volatile() }
}

fn pit_read() -> u64 {
    // SAFETY: latches channel 2's count.
    unsafe { Port::<u8>::new(PIT_COMMAND).write(0b1000_0000) };
    let mut channel = Port::<u8>::new(PIT_CHANNEL_2);
    // SAFETY: the latched count's low byte.
    let low = unsafe { channel.read() };
    // SAFETY: its high byte.
    let high = unsafe { channel.read() };
    u64::from(high) << 8 | u64::from(low)
}
