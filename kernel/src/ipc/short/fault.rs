//! A page fault becomes a call to the pager.

use pecan_abi::acceptor::Acceptor;
use pecan_abi::protocol::PageFault;
use pecan_rules::rendezvous::accepts;

use super::{is_common, turn};
use crate::cpu::Cpu;
use crate::ipc::answer;
use crate::ipc::fault::{Outcome, go_on, outcome};
use crate::ipc::transfer::store;
use crate::thread::{Again, Field, Owned, Resources, resources, table};
use crate::trace;

/// What may be going on with the thread.
const ITS_OWN: u32 = Resources::FPU | Resources::PORTS | Resources::GS;

/// What the answer may change beside MR0.
const KEPT: [Field; 4] = [
    Field::BR0,
    Field::ERROR_CODE,
    Field::VIRTUAL_SENDER,
    Field::INTENDED_RECEIVER,
];

/// Asks the pager of `me`, which ran in user mode, to do something about the fault; returns when `me` runs again. The words
/// go past its own message registers. `None`: nothing has changed.
#[inline(always)]
pub(in crate::ipc) fn fault(me: Owned, cpu: &Cpu, fault: PageFault) -> Option<Outcome> {
    let utcb = me.utcb.get();
    // A local id finds nobody.
    let pager = utcb.get(Field::PAGER);
    let partner = table::find(pager).filter(|pager| pager.home_word() == cpu.waiting_here())?;
    let partner = Owned::seen_here(partner);
    let takes = accepts(partner.wait.get(), me.id(), partner.same_space(&me));
    let common = me.resources.get() & !ITS_OWN == 0 && is_common(me, cpu, partner);
    if !takes || !common {
        return None;
    }
    let kept = KEPT.map(|field| utcb.get(field));
    let mr0 = utcb.mr(0);
    utcb.set(Field::BR0, Acceptor::COMPLETE_WINDOW.raw());
    let room = me.room.replace(0);
    me.resources.set(me.resources.get() | Resources::INSIDE);
    let [tag, address, ip] = fault.words();
    store(partner, 1, address);
    store(partner, 2, ip);
    trace::delivered(&me, partner, tag);
    answer::received(partner, me.sender_id(me.id(), &partner), tag);
    turn(me, cpu, partner, pager);
    resources::pass(cpu, me, partner);
    if me.again.get() != Again::Nothing {
        go_on(me);
    }
    me.resources.set(me.resources.get() & !Resources::INSIDE);
    me.room.set(room);
    let outcome = outcome(me);
    // It may have got another UTCB meanwhile.
    let utcb = me.utcb.get();
    utcb.set_mr(0, mr0);
    for (field, before) in KEPT.into_iter().zip(kept) {
        utcb.set(field, before);
    }
    Some(outcome)
}
