//! Time as the kernel counts it: by looking at its counter of ticks, a thread sees how many it was given, on any machine.

use l4::control::{self, Counter};

/// Microseconds between ticks, if the command line says nothing else.
pub(crate) const TICK: u64 = 1000;

/// Ticks of CPU 0 so far. For threads of the root task's space.
pub(crate) fn ticks() -> u64 {
    ticks_of(0)
}

/// The same of any CPU.
pub(crate) fn ticks_of(cpu: usize) -> u64 {
    control::counter(cpu, Counter::Ticks).unwrap_or(0)
}
