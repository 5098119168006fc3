//! The dispatcher. It runs on a stack of its own that is thrown away whenever it is left, so it keeps no state. What threads
//! and spaces leave behind when they end it puts away before anybody runs.

use pecan_abi::hold::Point;
use x86_64::instructions::interrupts;

use super::tick;
use crate::arch::x86_64::switch;
use crate::cpu::{self, Counter, Cpu, hold};
use crate::ipc::remote::{self, Found};
use crate::space::end::{self, Piece};
use crate::space::shootdown;
use crate::thread::links::Links;
use crate::thread::{Owned, delete, migrate, resources};
use crate::trace;

/// How often an idle CPU looks at its mailbox before it halts. A node that arrives meanwhile needs no interrupt.
const POLLS: u32 = 16;

/// Drains the mailbox, picks a thread and takes it up; idles while there is none. Interrupts off.
pub(crate) extern "C" fn dispatch() -> ! {
    let cpu = cpu::current();
    trace::dispatches();
    loop {
        cpu.reschedule.set(false);
        remote::drain(cpu);
        let left = if is_untidy(cpu) {
            put_away(cpu)
        } else {
            Piece::Nothing
        };
        match left {
            Piece::Done => {
                let_interrupts_in();
                continue;
            }
            Piece::Waits => {}
            Piece::Nothing => delete::tell_who_waits(cpu),
        }
        if let Some(next) = pick(cpu) {
            if cfg!(debug_assertions) {
                super::check(cpu);
            }
            take_up(cpu, next);
        }
        idle(cpu);
    }
}

#[inline(always)]
fn take_up(cpu: &Cpu, next: Owned) -> ! {
    cpu.count(Counter::Dispatches);
    tick::run(cpu);
    resources::arrive(next);
    switch::resume(next)
}

/// Whether a thread or space has left something behind.
#[inline(always)]
fn is_untidy(cpu: &Cpu) -> bool {
    cpu.buried.get().is_some() | cpu.departing.get().is_some() | cpu.ending.get().is_some()
}

/// Puts away what threads and spaces have left behind, and says how far that got with spaces.
#[cold]
#[inline(never)]
fn put_away(cpu: &Cpu) -> Piece {
    delete::bury(cpu);
    migrate::send_departing(cpu);
    end::piece(cpu)
}

/// Takes the interrupts that wait.
fn let_interrupts_in() {
    interrupts::enable();
    // Interrupts come only after the instruction that follows the one that lets them in.
    core::hint::spin_loop();
    interrupts::disable();
}

fn pick(cpu: &Cpu) -> Option<Owned> {
    let next = cpu.ready.with(|ready| ready.pick(&mut Links))?;
    cpu.slice_left.set(next.slice_left.get());
    Some(Owned::seen_here(next))
}

/// Polls for a moment, then halts until an interrupt, without a space. While something is postponed the CPU is not idle.
fn idle(cpu: &'static Cpu) {
    if cpu.backlog.is_postponed() {
        return;
    }
    match remote::poll(cpu, POLLS) {
        Found::Nothing => {}
        Found::Mail => return,
        Found::Message(thread) => {
            // Nobody else is ready, so it need not stand in line.
            super::ready::begin_turn(cpu, thread);
            take_up(cpu, thread);
        }
    }
    shootdown::rest(cpu);
    tick::rest(cpu);
    hold::at(cpu, Point::Polled);
    if !cpu.mailbox.0.try_halt() {
        return;
    }
    hold::at(cpu, Point::Halting);
    trace::halts();
    interrupts::enable_and_hlt();
    interrupts::disable();
    trace::dispatches();
    remote::wake_up(cpu);
}
