//! Time on this CPU: the periodic tick, time slices, total quanta, delays, wakeups. This CPU, interrupts off.

use core::sync::atomic::{AtomicU32, Ordering};

use pecan_rules::budget;

use crate::arch::x86_64::{apic, clock};
use crate::cpu::{Counter, Cpu};
use crate::thread::links::Links;
use crate::thread::{Owned, Resources};

/// Microseconds between ticks.
static PERIOD: AtomicU32 = AtomicU32::new(1000);

/// An idle CPU without wakeups stops its timer after so many ticks.
const IDLE_TICKS: u32 = 3;

/// Sets the tick's period in microseconds, 50 to 1,000,000; at boot.
pub(crate) fn set_period(micros: u32) {
    PERIOD.store(micros.clamp(50, 1_000_000), Ordering::Relaxed);
}

/// Switches this CPU's timer on.
pub(crate) fn start_timer(cpu: &Cpu) {
    cpu.ticking.set(true);
    apic::timer_periodic(PERIOD.load(Ordering::Relaxed));
}

/// The timer's interrupt.
#[inline(always)]
pub(crate) fn tick(cpu: &Cpu) {
    cpu.count(Counter::Ticks);
    #[cfg(debug_assertions)]
    crate::faults::tick(cpu);
    let now = clock::micros();
    if cpu.wakeups.with(|wakeups| wakeups.is_due(now)) {
        time_out(cpu, now);
    }
    cpu.idle_ticks.set(cpu.idle_ticks.get().saturating_add(1));
    spend(cpu);
}

/// The waits that are over at `now` end.
#[inline(never)]
fn time_out(cpu: &Cpu, now: u64) {
    cpu.wakeups.with(|wakeups| wakeups.expire(&mut Links, now));
    // One by one: the end of one wait may end another, or let its thread leave for another CPU.
    while let Some(thread) = cpu.wakeups.with(|wakeups| wakeups.take_due(&mut Links)) {
        crate::ipc::wait::time_out(cpu, Owned::seen_here(thread));
    }
}

/// A tick has passed. It is spent by the slice that the CPU is on, and by the running thread's total quantum, if that is
/// limited.
#[inline(always)]
fn spend(cpu: &Cpu) {
    let micros = u64::from(PERIOD.load(Ordering::Relaxed));
    cpu.slice_left
        .set(budget::spend(cpu.slice_left.get(), micros));
    let Some(running) = cpu.running() else {
        return;
    };
    let limited = running.quantum_left.get() != budget::UNLIMITED;
    if limited || running.resources.get() & Resources::HELD != 0 {
        spend_rarer(cpu, Owned::seen_here(running), micros);
    }
    let outranked = cpu.ready.with(|ready| ready.highest()) > running.priority.get();
    // Whoever is to ring for a message may be held up, and nobody rings for those behind it.
    if outranked || cpu.slice_left.get() == 0 || cpu.mailbox.0.has_mail() {
        cpu.reschedule.set(true);
    }
}

#[cold]
#[inline(never)]
fn spend_rarer(cpu: &Cpu, running: Owned, micros: u64) {
    if running.resources.get() & Resources::HELD != 0 {
        running.allowance.set(running.allowance.get().spend(micros));
    }
    let left = budget::spend(running.quantum_left.get(), micros);
    running.quantum_left.set(left);
    if left == 0 {
        cpu.reschedule.set(true);
    }
}

/// Before a thread runs: time must pass for it.
pub(super) fn run(cpu: &Cpu) {
    cpu.idle_ticks.set(0);
    if !cpu.ticking.get() {
        start_timer(cpu);
    }
}

/// Before the CPU halts: stops the timer if nobody needs it.
pub(super) fn rest(cpu: &Cpu) {
    let waits = cpu.wakeups.with(|wakeups| wakeups.earliest().is_some());
    #[cfg(debug_assertions)]
    let waits = waits || crate::faults::owes(cpu);
    if waits {
        if !cpu.ticking.get() {
            start_timer(cpu);
        }
    } else if cpu.ticking.get() && cpu.idle_ticks.get() >= IDLE_TICKS {
        cpu.ticking.set(false);
        apic::timer_stop();
    }
}

/// `thread`, which blocks, is woken at `deadline` at the latest; `u64::MAX` is never.
pub(crate) fn arm(cpu: &Cpu, thread: Owned, deadline: u64) {
    thread.deadline.set(deadline);
    if deadline != u64::MAX {
        cpu.wakeups
            .with(|wakeups| wakeups.arm(&mut Links, thread.name()));
    }
}

/// `thread` waits no longer. The queue finds out when it meets the thread.
#[inline(always)]
pub(crate) fn disarm(thread: Owned) {
    thread.deadline.set(u64::MAX);
}
