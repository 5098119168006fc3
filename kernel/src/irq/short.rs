//! What most interrupts are: user code was interrupted where the line's thread and its handler live, and both wait. Interrupts
//! off. Everything else leaves for [`super::delivery`] with nothing changed.

use core::sync::atomic::Ordering;

use super::delivery::{acknowledge, deliver};
use super::line::{Line, thread_id};
use crate::cpu::Cpu;
use crate::ipc::fault::interrupt;
use crate::sched;
use crate::thread::{Owned, table};

/// Line `number` has interrupted `me`, which was in user mode. May return when that runs again, perhaps on another CPU.
#[inline(always)]
pub(crate) fn interrupt_of_user(cpu: &'static Cpu, number: u32, me: Owned) {
    acknowledge(number);
    match raise(cpu, number) {
        Some(handler) => sched::run_at_once(cpu, me, handler),
        None => deliver(cpu, number, Some(me)),
    }
}

/// The handler of line `number`, which has its message then.
#[inline(always)]
fn raise(cpu: &Cpu, number: u32) -> Option<Owned> {
    let line = Line::numbered(number)?;
    let irq = table::find_waiting(thread_id(number).raw(), cpu)?;
    if line.served.load(Ordering::Relaxed) {
        return None;
    }
    let handler = interrupt::send_at_once(cpu, irq, line.handler.load(Ordering::Relaxed))?;
    line.served.store(true, Ordering::Relaxed);
    Some(handler)
}
