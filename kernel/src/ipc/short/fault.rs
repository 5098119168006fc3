//! A page fault becomes a call to the pager.

use pecan_abi::acceptor::Acceptor;
use pecan_abi::fpage::Rights;
use pecan_abi::protocol::PageFault;
use pecan_abi::tag::Tag;
use pecan_rules::rendezvous::accepts;

use super::turn;
use crate::cpu::Cpu;
use crate::ipc::answer;
use crate::ipc::fault::page::unserved;
use crate::ipc::fault::{Outcome, go_on, outcome};
use crate::thread::{Again, Field, MESSAGE_ROOM, Owned, Resources, resources, table};
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
pub(in crate::ipc) fn fault(
    me: Owned,
    cpu: &Cpu,
    access: Rights,
    ip: u64,
    address: u64,
) -> Option<()> {
    let utcb = me.utcb.get();
    let pager = utcb.get(Field::PAGER);
    // A local id finds nobody.
    let partner = table::find_waiting(pager, cpu)?;
    let takes = accepts(partner.wait.get(), me.id(), partner.same_space(&me));
    let uncommon = me.resources.get() & !ITS_OWN | partner.resources.get();
    let is_alone = me.senders.get().front().is_none() && !cpu.reschedule.get();
    if !takes || uncommon != 0 || !is_alone {
        return None;
    }
    let kept = KEPT.map(|field| utcb.get(field));
    let mr0 = utcb.mr(0);
    utcb.set(Field::BR0, Acceptor::COMPLETE_WINDOW.raw());
    me.room.set(0);
    me.resources.set(me.resources.get() | Resources::INSIDE);
    let message = PageFault {
        access,
        address,
        ip,
    };
    let [tag, words @ ..] = message.words();
    partner.utcb.get().set_mr(1, words[0]);
    partner.utcb.get().set_mr(2, words[1]);
    trace::delivered(&me, partner, tag);
    answer::received(partner, me.sender_id(me.id(), &partner), tag);
    turn(me, cpu, partner, pager);
    resources::pass(cpu, me, partner);
    if me.again.get() != Again::Nothing {
        go_on(me);
    }
    me.resources.set(me.resources.get() & !Resources::INSIDE);
    me.room.set(MESSAGE_ROOM);
    // It may have got another UTCB meanwhile.
    let utcb = me.utcb.get();
    let is_served = !Tag::from_raw(utcb.mr(0)).is_error() || outcome(me) != Outcome::Nobody;
    utcb.set_mr(0, mr0);
    for (field, before) in KEPT.into_iter().zip(kept) {
        utcb.set(field, before);
    }
    if !is_served {
        unserved(me, address);
    }
    Some(())
}
