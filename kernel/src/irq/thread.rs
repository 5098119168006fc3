//! What the thread of an interrupt does next. On its home CPU, interrupts off.

use core::sync::atomic::Ordering;

use pecan_abi::id::ThreadId;

use super::association::route;
use super::line::Line;
use crate::arch::x86_64::io_apic;
use crate::cpu::{self, Cpu};
use crate::ipc::fault::interrupt::{self, Sent};
use crate::sched;
use crate::thread::{Again, Owned, Resources, State, delete, migrate, table};

/// Whether `thread` stands for an interrupt of which there is nothing to say.
pub(crate) fn is_idle(thread: Owned) -> bool {
    thread.resources.get() & Resources::INTERRUPT != 0
        && !Line::of(thread).0.served.load(Ordering::Relaxed)
}

/// The interrupt of `irq`, which waits, came: its handler gets the message, or `irq` queues for it. Returns a handler
/// that has it already, to be woken.
#[must_use]
pub(super) fn raise(cpu: &'static Cpu, irq: Owned, line: &Line) -> Option<Owned> {
    line.served.store(true, Ordering::Relaxed);
    let handler = line.handler.load(Ordering::Relaxed);
    match interrupt::send(cpu, irq, handler) {
        Sent::Whole(handler) => return Some(handler),
        Sent::Queued => {}
        Sent::Nobody => delete::delete(cpu, irq),
        Sent::Elsewhere(there) if line.handler_cpu.swap(there, Ordering::Relaxed) != there => {
            // The handler has moved: so does its interrupt, and says there what it has to say.
            line.served.store(false, Ordering::Relaxed);
            line.pending.store(true, Ordering::Relaxed);
            migrate::ask(cpu, irq, there);
        }
        // Somebody wants the two apart.
        Sent::Elsewhere(there) => interrupt::ask(cpu, irq, handler, there),
    }
    None
}

/// As [`raise`], and the handler is woken.
fn raise_and_wake(cpu: &'static Cpu, irq: Owned, line: &Line) {
    if let Some(handler) = raise(cpu, irq, line) {
        sched::wake(cpu, handler);
    }
}

/// Where another thread would run: a phase of an IPC of `irq` has ended. It waits for its handler from here on, unless
/// there is more to do.
pub(crate) fn proceed(irq: Owned) {
    let cpu = cpu::current();
    let (line, _) = Line::of(irq);
    let handler = line.handler.load(Ordering::Relaxed);
    irq.wait.set(handler);
    sched::disarm(irq);
    irq.set_waiting(cpu);
    match irq.again.replace(Again::Nothing) {
        Again::Restart => raise_and_wake(cpu, irq, line),
        Again::Receive if !interrupt::take_queued(cpu, irq, handler) => {}
        Again::Receive | Again::Take | Again::GiveBack | Again::Nothing => answered(cpu, irq, line),
    }
    if let Some(irq) = irq.name().owned(cpu) {
        migrate::depart_if_asked(cpu, irq);
    }
}

/// The handler has sent something, or it has ended. What came meanwhile is its next message.
fn answered(cpu: &'static Cpu, irq: Owned, line: &Line) {
    if !exists(line.handler.load(Ordering::Relaxed)) {
        return delete::delete(cpu, irq);
    }
    line.served.store(false, Ordering::Relaxed);
    let pending = line.pending.swap(false, Ordering::Relaxed);
    io_apic::unmask(ThreadId::from_raw(irq.id()).number());
    if pending {
        raise_and_wake(cpu, irq, line);
    }
}

fn exists(handler: u64) -> bool {
    table::find(handler).is_some_and(|handler| handler.state() != State::Dying)
}

/// `irq` has arrived on this CPU, and so do its interrupts from now on.
pub(crate) fn arrived(irq: Owned) {
    let cpu = cpu::current();
    let (line, number) = Line::of(irq);
    route(number, cpu.index);
    let served = line.served.load(Ordering::Relaxed);
    if irq.state() == State::Waiting && !served && line.pending.swap(false, Ordering::Relaxed) {
        raise_and_wake(cpu, irq, line);
    }
}
