//! The dispatcher. It runs on a stack of its own that is thrown away whenever it is left, so it keeps no state. What threads
//! and spaces leave behind when they end it puts away before anybody runs.

use pecan_abi::hold::Point;
use pecan_rules::ready::Glance;
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

/// How often an idle CPU pauses before it halts, and how often it looks at its mailbox after each: some microseconds, about as
/// long as an answer takes that comes at once. A node that arrives meanwhile needs no interrupt. While it pauses, another
/// hardware thread of its core, or another CPU of an emulator, gets on.
const PAUSES: u32 = 3;
const LOOKS: u32 = 2_000;

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

/// The most urgent thread whose turn it is; its slice is the CPU's from now on.
#[inline(always)]
pub(super) fn pick(cpu: &Cpu) -> Option<Owned> {
    let next = cpu.ready.with(|ready| ready.pick(&mut Links))?;
    cpu.slice_left.set(next.slice_left.get());
    Some(Owned::seen_here(next))
}

/// Takes up `thread`, which has got a message. Nobody else is ready, so it need not stand in line.
#[inline(always)]
fn take_up_woken(cpu: &Cpu, thread: Owned) -> ! {
    super::ready::begin_turn(cpu, thread);
    take_up(cpu, thread)
}

/// Looks at the mailbox, and takes up who gets a message. True: something else has come.
#[inline(always)]
fn has_come(cpu: &'static Cpu, looks: u32) -> bool {
    match remote::poll(cpu, looks) {
        Found::Nothing => false,
        Found::Mail => true,
        Found::Message(thread) => take_up_woken(cpu, thread),
    }
}

/// Polls for a moment, then halts until an interrupt, without a space. While something is postponed the CPU is not idle.
fn idle(cpu: &'static Cpu) {
    if cpu.backlog.is_postponed() {
        return;
    }
    if has_come(cpu, 1) {
        return;
    }
    for _ in 0..PAUSES {
        let_interrupts_in();
        if cpu.reschedule.get() || has_come(cpu, LOOKS) {
            return;
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
    wake_up(cpu);
}

/// The CPU halted and was woken, perhaps for a message and nothing else.
#[inline(always)]
fn wake_up(cpu: &'static Cpu) {
    let nobody = || cpu.ready.with(|ready| ready.glance(&Links)) == Glance::Nobody;
    if cpu.mailbox.0.has_mail() && nobody() && !is_untidy(cpu) {
        cpu.reschedule.set(false);
        if let Found::Message(thread) = remote::hear(cpu) {
            take_up_woken(cpu, thread);
        }
    }
}
