//! The event timer as a source of interrupts at an instruction. What its counter has to do with the time-stamp counter
//! is measured: a thread that does nothing but count is interrupted, and where it was says when.

use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

use l4::hpet::Hpet;
use l4::thread::{Builder, StartError};
use l4::{IpcError, Stack, SysError, interrupt, thread};

use crate::hot;

/// A line whose interrupts are edges, and the timer that has it.
pub(crate) const LINE: u32 = 8;
const TIMER: usize = 0;

/// Interrupts that are looked at.
const SAMPLES: usize = 64;
/// Counts until each of them.
const AHEAD: u64 = 1000;
/// Of the thread that is interrupted: the lowest.
const SLED_PRIORITY: u8 = 1;

/// The time-stamp counter as the sled saw it at the beginning of its round.
pub(crate) static STAMP: AtomicU64 = AtomicU64::new(0);

static STACK: Stack<4096> = Stack::new();

/// Why there is no such source.
#[derive(Debug)]
#[expect(dead_code, reason = "the fields are printed as a whole")]
pub(crate) enum Failure {
    /// There is no event timer that can interrupt by [`LINE`].
    NoTimer,
    /// The thread that counts did not start.
    Start(StartError),
    /// A system call was refused.
    Refused(SysError),
    /// The interrupt's message did not come.
    Lost(IpcError),
    /// The sled was never where its instructions can be counted.
    NowhereToBeSeen,
    /// The two counters do not go together: counts and ticks from the first interrupt on.
    NotTogether(u64, u64),
}

/// A moment in both counters.
#[derive(Clone, Copy, Debug)]
struct Moment {
    count: u64,
    tsc: u64,
}

/// The timer, and when it interrupts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Timer {
    hpet: Hpet,
    origin: Moment,
    /// Time-stamp ticks per count.
    pub(crate) ticks: u64,
}

impl Timer {
    /// The timer, measured. The caller is the line's handler meanwhile.
    pub(crate) fn calibrated() -> Result<Self, Failure> {
        let hpet = Hpet::open().ok().flatten();
        let hpet = hpet
            .filter(|hpet| hpet.reaches(TIMER, LINE))
            .ok_or(Failure::NoTimer)?;
        let plan = Builder::new().priority(SLED_PRIORITY);
        let sled = plan
            .start(|_| hot::sled(), 0, &STACK)
            .map_err(Failure::Start)?;
        interrupt::associate(LINE, thread::myself()).map_err(Failure::Refused)?;
        let first = moment(hpet, sled)?;
        let mut ticks = 0;
        for _ in 0..SAMPLES {
            let next = moment(hpet, sled)?;
            let (counts, time) = (next.count - first.count, next.tsc - first.tsc);
            if ticks == 0 {
                ticks = time / counts;
            }
            if counts * ticks != time {
                return Err(Failure::NotTogether(counts, time));
            }
        }
        interrupt::dissociate(LINE).map_err(Failure::Refused)?;
        thread::delete(sled).map_err(Failure::Refused)?;
        Ok(Self {
            hpet,
            origin: first,
            ticks,
        })
    }

    /// Interrupts once, at least `ahead` time-stamp ticks from now. Returns the first instruction that comes after the
    /// interrupt, by the time that it would read.
    pub(crate) fn shoot(self, ahead: u64) -> u64 {
        let count = self.hpet.counter() + ahead.div_ceil(self.ticks);
        self.hpet.shoot_at(TIMER, LINE, count);
        self.origin.tsc + (count - self.origin.count) * self.ticks
    }
}

/// An interrupt of the sled.
fn moment(hpet: Hpet, sled: l4::ThreadId) -> Result<Moment, Failure> {
    for _ in 0..SAMPLES {
        let count = hpet.counter() + AHEAD;
        hpet.shoot_at(TIMER, LINE, count);
        interrupt::wait(LINE).map_err(Failure::Lost)?;
        let ip = thread::registers(sled).map_err(Failure::Refused)?.ip;
        let begin = STAMP.load(Relaxed);
        interrupt::acknowledge(LINE).map_err(Failure::Lost)?;
        if let Some(nop) = hot::nop_at(ip) {
            let tsc = begin + hot::FIRST_NOP + nop;
            return Ok(Moment { count, tsc });
        }
    }
    Err(Failure::NowhereToBeSeen)
}
