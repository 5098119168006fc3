//! Stages 1 to 6 for what comes next after the common message: a page fault, its answer, a message of words to another
//! CPU, and messages and receives alone. The partner waits, neither has work that a switch must not skip, nobody waits for the caller, nothing times out.
//! Everything else leaves for the general way with nothing changed. Interrupts off.
//!
//! * `fault` a page fault becomes a call to the pager
//! * `item`  a message that is one map item of one page
//! * `ask`   a message of words goes to another CPU
//! * `serve` and arrives there
//! * `alone` a message or a receive, without the other

mod alone;
mod ask;
mod fault;
mod item;
mod serve;

pub(crate) use alone::send;
pub(crate) use ask::ask;
pub(super) use fault::fault;
pub(crate) use fault::served;
pub(crate) use item::send_item;
pub(crate) use serve::tell;
pub(super) use serve::{Served, serve};

use crate::cpu::Cpu;
use crate::sched;
use crate::thread::{Owned, Resources};

/// Whether `me`, the running thread, can hand the CPU to `partner`, which waits here for it, without more ado. The partner may
/// be in a call of the kernel's.
#[inline(always)]
fn is_common(me: Owned, cpu: &Cpu, partner: Owned) -> bool {
    partner.resources.get() & !Resources::INSIDE == 0
        && me.senders.get().front().is_none()
        && !cpu.reschedule.get()
}

/// `me` has sent and waits for `from`, `partner` has received and is about to run.
#[inline(always)]
fn turn(me: Owned, cpu: &Cpu, partner: Owned, from: u64) {
    sched::disarm(partner);
    me.wait.set(from);
    me.receive_from.set(from);
    me.set_waiting(cpu);
    sched::disarm(me);
    partner.set_ready(cpu);
}
