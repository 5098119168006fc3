//! The common case in a straight line: a call or reply-and-wait with words only, whose partner lives here and waits,
//! and whose own receive phase has to wait without timeout. No lock, no atomic read-modify-write, no list.

use pecan_abi::id::ThreadId;
use pecan_abi::tag::Tag;

use super::{Request, answer};
use crate::cpu::Cpu;
use crate::sched;
use crate::thread::{Owned, State, table};

/// Bits of a timeouts word that hold the receive timeout; 0 is never.
const RECEIVE_TIMEOUT: u64 = 0xffff;

/// Sends and waits, and returns the partner, which runs now; or changes nothing and returns `None`.
#[inline(always)]
pub(super) fn perform(me: Owned, cpu: &Cpu, request: &Request) -> Option<Owned> {
    let partner = table::find_quickly(request.to)?;
    if partner.home_word() != cpu.waiting_here() {
        return None;
    }
    let partner = Owned::seen_here(partner);
    let accepted = partner.wait.get();
    let mine = me.id();
    // One condition for all that is uncommon.
    let uncommon = (request.tag.raw() & Tag::TYPED_MASK)
        | (request.timeouts & RECEIVE_TIMEOUT)
        | u64::from(me.resources.get() | partner.resources.get())
        | u64::from(accepted != mine && accepted != ThreadId::ANY.raw())
        | u64::from(request.from != request.to && request.from != ThreadId::ANY.raw())
        | u64::from(!me.senders.get().is_empty());
    if uncommon != 0 {
        return None;
    }
    partner
        .utcb
        .get()
        .copy_words(me.utcb.get(), request.tag.untyped());
    answer::received(partner, me.sender_id(mine, &partner), request.tag.raw());
    sched::disarm(partner);
    partner.set_state(cpu, State::Ready);
    me.wait.set(request.from);
    me.set_waiting(cpu);
    Some(partner)
}
