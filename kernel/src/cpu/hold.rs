//! Tests hold a CPU between two steps, so that others come between them for sure (`pecan_abi::hold`). In the debug kernel only:
//! of the other form's code nothing of this is a part.

use core::sync::atomic::{AtomicU64, Ordering};

use pecan_abi::error::SysError;
use pecan_abi::hold::Point;

use super::Cpu;
use crate::arch::x86_64::clock;

/// CPUs that can be held.
const MOST: usize = 8;
/// Microseconds after which a test must have forgotten that it holds a CPU.
const LONGEST: u64 = 100_000_000;

/// What each CPU is to do: 0 is nothing, else a point, whether the CPU is there, and how often it goes past before.
///
/// ```text
/// 63    16 15    8 7     0
/// +-------+-------+-------+
/// | past  | HELD  | point |
/// +-------+-------+-------+
/// ```
static ORDERS: [AtomicU64; MOST] = [const { AtomicU64::new(0) }; MOST];
const POINT: u64 = 0xff;
const HELD: u64 = 1 << 8;
const PAST_SHIFT: u32 = 16;

/// This CPU has come to `point`: it stays there as long as a test wants. Interrupts off.
#[inline(always)]
pub(crate) fn at(cpu: &Cpu, point: Point) {
    if cfg!(debug_assertions) {
        stop(cpu, point);
    }
}

/// Whether a test wants this CPU to stop at `point`, now or when it comes there again.
#[inline(always)]
pub(crate) fn is_due(cpu: &Cpu, point: Point) -> bool {
    let order = || ORDERS.get(usize::from(cpu.index));
    cfg!(debug_assertions)
        && order().is_some_and(|order| order.load(Ordering::Acquire) & POINT == point as u64)
}

#[inline(never)]
fn stop(cpu: &Cpu, point: Point) {
    let Some(order) = ORDERS.get(usize::from(cpu.index)) else {
        return;
    };
    let word = order.load(Ordering::Acquire);
    if word & (POINT | HELD) != point as u64 {
        return;
    }
    let goes_past = word >> PAST_SHIFT != 0;
    let next = if goes_past {
        word - (1 << PAST_SHIFT)
    } else {
        word | HELD
    };
    // Who fails here has a new order, for another time.
    let taken = order.compare_exchange(word, next, Ordering::AcqRel, Ordering::Relaxed);
    if goes_past || taken.is_err() {
        return;
    }
    let since = clock::micros();
    while order.load(Ordering::Acquire) == next {
        assert!(
            clock::micros() - since < LONGEST,
            "CPU {} was held at {point:?} and forgotten",
            cpu.index
        );
        core::hint::spin_loop();
    }
}

/// CPU `cpu` is to stop when it has gone `past` the point with this number so often; 0 lets it go on, and so does a new
/// point. Any CPU.
pub(crate) fn order(cpu: u64, point: u64, past: u64) -> Result<u64, SysError> {
    let order = of(cpu)?;
    if point != 0 && Point::from_raw(point).is_none() || past > u64::MAX >> PAST_SHIFT {
        return Err(SysError::InvalidParameter);
    }
    order.store(past << PAST_SHIFT | point, Ordering::Release);
    Ok(0)
}

/// Whether CPU `cpu` is held. Any CPU.
pub(crate) fn is_held(cpu: u64) -> Result<u64, SysError> {
    Ok(u64::from(of(cpu)?.load(Ordering::Acquire) & HELD != 0))
}

fn of(cpu: u64) -> Result<&'static AtomicU64, SysError> {
    usize::try_from(cpu)
        .ok()
        .filter(|cpu| *cpu < super::count())
        .and_then(|cpu| ORDERS.get(cpu))
        .ok_or(SysError::InvalidParameter)
}
