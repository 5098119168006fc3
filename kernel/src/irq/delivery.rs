//! An interrupt comes. On the CPU that it interrupted, interrupts off.

use core::sync::atomic::Ordering;

use pecan_smp::cpuset::Cpu as CpuName;
use pecan_smp::protocol::{Route, route};

use super::line::{Line, thread_id};
use super::pass::pass;
use super::thread::raise;
use crate::arch::x86_64::{apic, io_apic};
use crate::cpu::Cpu;
use crate::sched;
use crate::thread::{Owned, State, migrate, table};

/// Line `number` has interrupted this CPU in the middle of something of the kernel's.
pub(crate) fn interrupt(cpu: &'static Cpu, number: u32) {
    acknowledge(number);
    deliver(cpu, number, None);
}

/// The interrupt of line `number` is taken: others can come, but not the same again and again.
#[inline(always)]
pub(super) fn acknowledge(number: u32) {
    if io_apic::is_level(number) {
        io_apic::mask(number);
    }
    apic::eoi();
}

/// Delivers the interrupt of line `number`, which came to this CPU or was passed on to it; `running` is the thread that was in
/// user mode. May return when that runs again, perhaps on another CPU.
pub(super) fn deliver(cpu: &'static Cpu, number: u32, running: Option<Owned>) {
    let thread = table::find(thread_id(number).raw());
    let (Some(line), Some(thread)) = (Line::numbered(number), thread) else {
        return close(number);
    };
    match route(CpuName(cpu.index), migrate::home(thread)) {
        Route::Here => take(cpu, line, number, Owned::seen_here(thread), running),
        Route::Forward(there) => pass(there.0, number),
    }
}

/// The association of the line ended while the interrupt was on its way: it is closed, unless another CPU has opened it for
/// somebody else just now. Who does that makes the thread first.
fn close(number: u32) {
    io_apic::mask(number);
    if table::find(thread_id(number).raw()).is_some() {
        io_apic::unmask(number);
    }
}

fn take(cpu: &'static Cpu, line: &Line, number: u32, irq: Owned, running: Option<Owned>) {
    let served = line.served.load(Ordering::Relaxed);
    if irq.state() == State::Waiting && !served {
        match (raise(cpu, irq, line), running) {
            (Some(handler), Some(running)) if sched::may_run(handler) => {
                sched::run_at_once(cpu, running, handler);
            }
            (Some(handler), _) => sched::wake(cpu, handler),
            (None, _) => {}
        }
    } else if !io_apic::is_level(number) {
        // One message at a time: this one is noted, and there is nothing more to note.
        line.pending.store(true, Ordering::Relaxed);
        io_apic::mask(number);
    }
}
