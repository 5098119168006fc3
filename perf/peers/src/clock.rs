//! Time-stamp ticks, which are instructions under QEMU's `-icount`.

use std::arch::x86_64::_rdtsc;
use std::time::{Duration, Instant};

/// The time-stamp counter.
pub(crate) fn ticks() -> u64 {
    // SAFETY: every x86-64 processor has the counter, and Linux lets programs read it.
    unsafe { _rdtsc() }
}

/// Ticks per millisecond, by the kernel's clock.
pub(crate) fn khz() -> u64 {
    const LONG_ENOUGH: Duration = Duration::from_millis(100);
    let (time, count) = (Instant::now(), ticks());
    while time.elapsed() < LONG_ENOUGH {
        std::hint::spin_loop();
    }
    let (elapsed, counted) = (time.elapsed(), ticks() - count);
    let khz = u128::from(counted) * 1_000_000 / elapsed.as_nanos().max(1);
    u64::try_from(khz).unwrap_or(u64::MAX)
}
