//! Time: the time-stamp counter in microseconds since boot.
//!
//! * `reference` clocks of known speed, to measure by
//! * `calibrate` how fast the time-stamp counter and the APIC timer run

mod calibrate;
mod reference;

pub(crate) use calibrate::calibrate;

use core::sync::atomic::{AtomicU64, Ordering};

/// The counter at boot, from which time is counted.
static START: AtomicU64 = AtomicU64::new(0);
/// Counts per millisecond.
static KHZ: AtomicU64 = AtomicU64::new(1_000_000);
/// Microseconds per count, times 2^64.
static MICROS_PER_TICK: AtomicU64 = AtomicU64::new(u64::MAX / 1000);

/// Time starts now. Boot CPU, first thing.
pub(crate) fn start() {
    START.store(now_ticks(), Ordering::Relaxed);
}

/// The time-stamp counter. Any CPU; the counters are taken to run in step.
#[inline]
pub(crate) fn now_ticks() -> u64 {
    // SAFETY: every CPU with long mode has the counter.
    unsafe { core::arch::x86_64::_rdtsc() }
}

/// Microseconds since boot. Any CPU.
#[inline]
pub(crate) fn micros() -> u64 {
    ticks_to_micros(now_ticks().saturating_sub(START.load(Ordering::Relaxed)))
}

/// Microseconds in a number of counts.
#[inline]
pub(crate) fn ticks_to_micros(ticks: u64) -> u64 {
    ((u128::from(ticks) * u128::from(MICROS_PER_TICK.load(Ordering::Relaxed))) >> 64) as u64
}

/// Counts per millisecond.
#[inline]
pub(crate) fn khz() -> u64 {
    KHZ.load(Ordering::Relaxed)
}

/// Notes how fast the counter runs, in counts per millisecond; at least 1 MHz is assumed.
fn set_khz(khz: u64) {
    let khz = khz.max(1001);
    KHZ.store(khz, Ordering::Relaxed);
    MICROS_PER_TICK.store(
        ((1000u128 << 64) / u128::from(khz)) as u64,
        Ordering::Relaxed,
    );
}

/// Waits for a number of microseconds on this CPU.
pub(crate) fn wait(micros: u64) {
    let start = now_ticks();
    while ticks_to_micros(now_ticks().wrapping_sub(start)) < micros {
        core::hint::spin_loop();
    }
}
