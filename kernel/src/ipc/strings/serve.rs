//! The partner of a copying thread has a page that is not there: it asks its pager itself. On its CPU and on its own stack,
//! above whatever it was blocked in, interrupts off.

use super::break_off::fail;
use super::fault::page_fault;
use super::{Cause, break_off};
use crate::cpu::{self, Cpu};
use crate::ipc::fault::{Outcome, page};
use crate::ipc::{Disposition, handover, on_behalf};
use crate::sched;
use crate::thread::{Owned, State, Tcb, migrate};

/// `me` asks its pager for the page, then waits on for the end of the transfer, and its partner goes on; or hears that the
/// transfer was broken off, and goes on itself. What it was blocked in finds everything as it was. Returns who runs next.
pub(crate) extern "sysv64" fn serve(_me: *const Tcb) -> *const Tcb {
    let me = Owned::current();
    if me.transfer.partner.get().is_none() {
        // It was broken off before this ran, and nothing would keep what the thread noted of its IPC.
        return tell(me).next(me);
    }
    let outcome = page::ask(me, page_fault(me, me.transfer.fault.get()));
    let cpu = cpu::current();
    if outcome == Outcome::Nobody && me.transfer.partner.get().is_some() {
        break_off(cpu, me, Cause::Aborted);
    }
    match me.transfer.partner.get() {
        Some(partner) => go_on(cpu, me, Owned::seen_here(partner)),
        None => tell(me),
    }
    .next(me)
}

/// The page is there, or will be asked for again: the copying thread sees.
fn go_on(cpu: &Cpu, me: Owned, copying: Owned) -> Disposition {
    me.set_state(cpu, State::Locked);
    sched::disarm(copying);
    sched::arm(cpu, me, copying.transfer.deadline.get());
    if cpu.reschedule.get() {
        sched::wake(cpu, copying);
        return Disposition::Dispatch;
    }
    copying.set_state(cpu, State::Ready);
    Disposition::SwitchTo(copying)
}

/// The transfer was broken off while `me` asked: its IPC has failed.
fn tell(me: Owned) -> Disposition {
    fail(me);
    if me.transfer.broken_part.get().sends() {
        on_behalf::give_back(me);
    }
    migrate::depart_if_asked(cpu::current(), me);
    handover::stay(cpu::current(), me)
}
