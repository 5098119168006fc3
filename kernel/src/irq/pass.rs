//! An interrupt came to a CPU that its thread has left, or that no line can avoid: it is passed on. Interrupts off.
//!
//! The CPU that gets it must not take it for the device's own. For each vector the local APIC notes whether it came last from a
//! line that interrupts as long as it is active, and only then tells the I/O APIC of its end, without which that line is
//! silent for good. So what is passed on has one vector of its own, and which lines it is about is in the CPU's block.

use core::sync::atomic::{AtomicU64, Ordering};

use super::delivery::deliver;
use crate::arch::x86_64::{apic, io_apic};
use crate::cpu::{self, Cpu};

const WORDS: usize = io_apic::LIMIT.div_ceil(64);

/// Lines whose interrupts were passed on to a CPU. Others add.
pub(crate) struct Passed([AtomicU64; WORDS]);

impl Passed {
    /// None.
    pub(crate) const fn new() -> Self {
        Self([const { AtomicU64::new(0) }; WORDS])
    }

    fn add(&self, number: u32) {
        if let Some(word) = self.0.get(number as usize / 64) {
            word.fetch_or(1 << (number % 64), Ordering::Release);
        }
    }

    /// One of them, which is none any more.
    fn take(&self) -> Option<u32> {
        self.0
            .iter()
            .zip((0..).step_by(64))
            .find_map(|(word, first)| {
                let bit = word.load(Ordering::Relaxed).trailing_zeros();
                let any = bit < 64 && word.fetch_and(!(1 << bit), Ordering::Acquire) != 0;
                any.then_some(first + bit)
            })
    }
}

/// The interrupt of line `number` goes to CPU `to`.
pub(super) fn pass(to: u16, number: u32) {
    if let Some(other) = cpu::get(usize::from(to)) {
        other.passed.add(number);
        apic::send_ipi(other.apic_id, apic::vector::PASSED);
    }
}

/// Other CPUs passed interrupts on to this one.
pub(crate) fn passed(cpu: &'static Cpu) {
    apic::eoi();
    while let Some(number) = cpu.passed.take() {
        deliver(cpu, number, None);
    }
}
