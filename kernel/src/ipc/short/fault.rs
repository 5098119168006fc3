//! A page fault becomes a call to the pager.

use pecan_abi::acceptor::Acceptor;
use pecan_abi::protocol::PageFault;
use pecan_rules::rendezvous::accepts;

use super::turn;
use crate::cpu::{self, Cpu};
use crate::ipc::answer;
use crate::ipc::fault::page::unserved;
use crate::ipc::fault::{Outcome, go_on, outcome};
use crate::sched;
use crate::thread::{Aside, Field, Owned, Resources, aside, resources, table};
use crate::trace;

/// What may be going on with the thread.
const ITS_OWN: u32 = Resources::FPU | Resources::PORTS | Resources::GS;

/// Asks the pager of `me`, which ran in user mode, to do something about the fault, and hears `aside` of it. Returns the
/// pager, which is to run; when `me` runs again, the fault is over if `me` has nothing to take up and no error came; else
/// [`served`] goes on, and `aside` stays where it is that long. The words go past message registers of `me`. `None`: nothing has
/// changed.
#[inline(always)]
pub(in crate::ipc) fn fault(
    me: Owned,
    cpu: &Cpu,
    fault: PageFault,
    aside: &mut Aside<1>,
) -> Option<Owned> {
    let pager = me.utcb.get().get(Field::PAGER);
    // A local id finds nobody.
    let partner = table::find_waiting(pager, cpu)?;
    let takes = accepts(partner.wait.get(), me.id(), partner.same_space(&me));
    let uncommon = me.resources.get() & !ITS_OWN | partner.resources.get();
    let is_alone = me.senders.get().front().is_none() && !cpu.reschedule.get();
    if !takes || uncommon != 0 || !is_alone {
        return None;
    }
    // SAFETY: by contract the memory stays until the fault is over, and nobody looks at it before.
    unsafe { aside.begin(me, Acceptor::COMPLETE_WINDOW) };
    me.resources.set(me.resources.get() | Resources::INSIDE);
    let [tag, words @ ..] = fault.words();
    let message = partner.message.get();
    message.set_mr(1, words[0]);
    message.set_mr(2, words[1]);
    trace::delivered(&me, partner, tag);
    answer::received(partner, me.sender_id(me.id(), &partner), tag);
    turn(me, cpu, partner, pager);
    resources::leave(cpu, me);
    resources::arrive(partner);
    Some(partner)
}

/// `me` runs again after such a fault at `address`, and something is left of its call, or there was no answer. Its CPU, its
/// stack, interrupts off.
#[cold]
pub(crate) extern "sysv64" fn served(me: Owned, address: u64) {
    go_on(me);
    let outcome = outcome(me);
    me.resources.set(me.resources.get() & !Resources::INSIDE);
    aside::end(me);
    if outcome == Outcome::Nobody {
        unserved(me, address);
    }
    sched::leave_interrupt(cpu::current(), me);
}
