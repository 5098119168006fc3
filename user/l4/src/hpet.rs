//! A driver for the machine's event timer (HPET), which has a few timers that interrupt by lines of the I/O APIC.
//! Its registers are memory, so any program to which sigma0 gives that page can drive it.
//!
//! It counts on from where the kernel left it; the kernel does not use it once programs run.

use pecan_abi::fpage::{Fpage, Rights};

use crate::sigma0::{self, RequestError};

/// Where the registers are on PCs.
const PHYSICAL: u64 = 0xFED0_0000;
const PAGE_LOG2: u32 = 12;

const CAPABILITIES: usize = 0x00;
const CONFIGURATION: usize = 0x10;
const STATUS: usize = 0x20;
const COUNTER: usize = 0xF0;
const FIRST_TIMER: usize = 0x100;
const TIMER_SIZE: usize = 0x20;
const COMPARATOR: usize = 0x08;

const RUNS: u64 = 1;
const LIKE_OLD_TIMERS: u64 = 2;
const TIMER_LEVEL: u64 = 1 << 1;
const TIMER_INTERRUPTS: u64 = 1 << 2;
const LINE_SHIFT: u32 = 9;
/// Femtoseconds of a microsecond.
const FEMTOS: u64 = 1_000_000_000;
/// Counts until a time that is far away: half an hour or more.
const NEVER: u64 = 1 << 38;
/// Longest period that the specification permits, in femtoseconds.
const LONGEST_PERIOD: u64 = 100_000_000;

/// The event timer. All copies are the same device: who shares it shares out its timers.
#[derive(Clone, Copy, Debug)]
pub struct Hpet(());

/// How a timer interrupts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// Once.
    Edge,
    /// From then on until [`Hpet::clear`].
    Level,
}

impl Hpet {
    /// Asks sigma0 for the registers and starts the counter; `None` if there is no such device.
    ///
    /// # Errors
    /// sigma0 does not give the page.
    pub fn open() -> Result<Option<Self>, RequestError> {
        sigma0::request(Fpage::new(PHYSICAL, PAGE_LOG2, Rights::NONE))?;
        Ok(Self::already_open())
    }

    /// The device in a space that has its page already; `None` if there is no such device.
    #[must_use]
    pub fn already_open() -> Option<Self> {
        let hpet = Self(());
        let period = hpet.period();
        if period == 0 || period > LONGEST_PERIOD {
            return None;
        }
        let others = hpet.read(CONFIGURATION) & !LIKE_OLD_TIMERS;
        hpet.write(CONFIGURATION, others | RUNS);
        Some(hpet)
    }

    /// Femtoseconds per count.
    #[must_use]
    pub fn period(self) -> u64 {
        self.read(CAPABILITIES) >> 32
    }

    /// How many timers there are.
    #[must_use]
    pub fn timers(self) -> usize {
        (self.read(CAPABILITIES) >> 8 & 31) as usize + 1
    }

    /// Whether `timer` can use this line.
    #[must_use]
    pub fn reaches(self, timer: usize, line: u32) -> bool {
        line < 32 && self.read(Self::timer(timer)) >> (32 + line) & 1 == 1
    }

    /// Lets `timer` interrupt once by `line`, in `micros` microseconds, 0 for at once. What it did before ends.
    ///
    /// However long the caller is held up in here, an interrupt by level comes, perhaps once more until [`stop`]. One by
    /// edge comes on devices that count a time in the past as one that has come, as QEMU's does.
    ///
    /// [`stop`]: Self::stop
    pub fn shoot(self, timer: usize, line: u32, trigger: Trigger, micros: u64) {
        self.stop(timer);
        let level = match trigger {
            Trigger::Edge => 0,
            Trigger::Level => TIMER_LEVEL,
        };
        let configuration = u64::from(line) << LINE_SHIFT | level | TIMER_INTERRUPTS;
        self.write(Self::timer(timer), configuration);
        let mut counts = (micros * FEMTOS / self.period()).max(1);
        loop {
            // The time comes last: nothing that comes later may take its interrupt back.
            let time = self.read(COUNTER) + counts;
            self.write(Self::timer(timer) + COMPARATOR, time);
            let missed = self.read(COUNTER) >= time && self.read(STATUS) >> timer & 1 == 0;
            if trigger == Trigger::Edge || !missed {
                return;
            }
            counts = (2 * counts).min(NEVER);
        }
    }

    /// Lets `timer` interrupt once by `line`, by edge, when the [counter](Self::counter) reaches `count`, which is to come.
    pub fn shoot_at(self, timer: usize, line: u32, count: u64) {
        self.stop(timer);
        let configuration = u64::from(line) << LINE_SHIFT | TIMER_INTERRUPTS;
        self.write(Self::timer(timer), configuration);
        self.write(Self::timer(timer) + COMPARATOR, count);
    }

    /// How far the device has counted.
    #[must_use]
    pub fn counter(self) -> u64 {
        self.read(COUNTER)
    }

    /// `timer` interrupts no longer, until the next [`shoot`](Self::shoot).
    pub fn stop(self, timer: usize) {
        // A timer goes on comparing, and a time in the past may count as one that has come.
        self.write(Self::timer(timer) + COMPARATOR, self.read(COUNTER) + NEVER);
        self.write(Self::timer(timer), 0);
        self.clear(timer);
    }

    /// Takes back the interrupt of a timer that interrupts by level.
    pub fn clear(self, timer: usize) {
        self.write(STATUS, 1 << timer);
    }

    const fn timer(timer: usize) -> usize {
        FIRST_TIMER + TIMER_SIZE * timer
    }

    fn read(self, register: usize) -> u64 {
        let register = (PHYSICAL as usize + register) as *const u64;
        // SAFETY: the page of the registers is mapped at its physical address (see the constructors); reading them
        // has no effect.
        unsafe { register.read_volatile() }
    }

    fn write(self, register: usize, value: u64) {
        let register = (PHYSICAL as usize + register) as *mut u64;
        // SAFETY: as for reading; the device writes no memory.
        unsafe { register.write_volatile(value) };
    }
}
