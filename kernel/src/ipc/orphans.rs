//! A thread has ended: whoever waits for it alone would wait for ever. Each CPU looks at its own threads.

use core::sync::atomic::Ordering;

use pecan_abi::error::IpcCode;
use pecan_smp::request::Reason;

use super::{answer, meet, validate};
use crate::arch::x86_64::{apic, switch};
use crate::cpu::{self, Cpu};
use crate::sched;
use crate::thread::{Owned, State, table};

/// Some id names nobody any more. Ends the receive phases that wait for it, on all CPUs: here now, elsewhere when the
/// interrupt comes. Any CPU, interrupts off.
pub(crate) fn announce(cpu: &Cpu) {
    release(cpu);
    tell(|other| other.index != cpu.index);
}

/// As [`announce`], but on this CPU, too, when the interrupt comes: for who may be in the middle of it.
pub(crate) fn announce_soon() {
    tell(|_| true);
}

fn tell(whom: impl Fn(&Cpu) -> bool) {
    for cpu in (0..cpu::count())
        .filter_map(cpu::get)
        .filter(|cpu| whom(cpu))
    {
        // Who has not looked yet since it was told before sees this end, too.
        if !cpu.orphans.swap(true, Ordering::AcqRel) {
            apic::send_ipi(cpu.apic_id, apic::vector::DOORBELL);
        }
    }
}

/// The doorbell rang: perhaps because of [`announce`]. This CPU, interrupts off.
pub(crate) fn look(cpu: &Cpu) {
    if cpu.orphans.swap(false, Ordering::AcqRel) {
        release(cpu);
    }
}

fn release(cpu: &Cpu) {
    table::for_each_here(cpu, |thread| release_one(cpu, thread));
}

/// `thread` has arrived on this CPU: whoever looked for those who wait did not find it on its way. Its new home.
pub(crate) fn arrived(cpu: &Cpu, thread: Owned) {
    release_one(cpu, thread);
}

fn release_one(cpu: &Cpu, thread: Owned) {
    debug_assert_eq!(thread.home(), cpu.index, "another CPU's thread");
    if waits_for_nobody(cpu, thread) {
        answer::refused_receive(thread, IpcCode::NonExisting);
        sched::disarm(thread);
        sched::wake(cpu, thread);
    }
}

/// A thread that waits for its start message is left alone: its pager may be made later.
fn waits_for_nobody(cpu: &Cpu, thread: Owned) -> bool {
    if thread.state() == State::Asking && validate::specifier(thread.receive_from.get()).is_err() {
        // Its receive phase has begun silently, or must not begin so.
        meet::settle(cpu, thread, Reason::Behind);
    }
    thread.state() == State::Waiting
        && validate::specifier(thread.wait.get()).is_err()
        && !switch::is_before_start(thread)
}
