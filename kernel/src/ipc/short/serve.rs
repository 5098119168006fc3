//! A request of words arrives from another CPU, and its partner waits for it. On the partner's CPU, interrupts off.

use pecan_abi::hold::Point;
use pecan_abi::tag::Tag;
use pecan_abi::time::{Time, Timeouts};
use pecan_rules::rendezvous::accepts;
use pecan_smp::protocol::{self, Answer, Kind, Receiver, Serve, may_end_silently};

use crate::cpu::{Cpu, hold};
use crate::ipc::answer::received;
use crate::ipc::remote::post;
use crate::sched;
use crate::thread::{Owned, Resources, State, TcbRef, home_word, table};
use crate::trace;

/// What keeps a message from this way.
const RARE: u64 = Tag::TYPED_MASK | Tag::PROPAGATED | Tag::REDIRECTED;

/// Serves the request of `sender`. Returns the partner, which has the message: it is to be made ready. `None`: nothing has
/// changed.
#[inline(always)]
pub(in crate::ipc) fn serve(cpu: &Cpu, sender: TcbRef) -> Option<Owned> {
    let tag = sender.send_tag.get();
    let partner = table::find(sender.send_to.get()).filter(|_| tag & RARE == 0)?;
    let (partner, wait) = waiting(cpu, partner)?;
    let id = sender.id();
    let is_common = accepts(wait, id, partner.same_space(&sender))
        && partner.resources.get() & !Resources::INSIDE == 0
        && protocol::serve(sender.request.look(), Receiver::Waiting, true) == Serve::Deliver;
    if !is_common {
        return None;
    }
    let tag = Tag::from_raw(tag);
    let count = tag.untyped().min(usize::from(partner.room.get()));
    if count != 0 {
        partner.utcb.get().copy_words(sender.utcb.get(), count);
    }
    trace::delivered(&sender, partner, tag.raw());
    received(
        partner,
        sender.sender_id(id, &partner),
        tag.with_flags(Tag::CROSS_CPU).raw(),
    );
    sched::disarm(partner);
    end(cpu, sender);
    Some(partner)
}

/// The partner as one that waits on this CPU, and for whom: in its receive phase, or since its own request has ended silently.
#[inline(always)]
fn waiting(cpu: &Cpu, partner: TcbRef) -> Option<(Owned, u64)> {
    let word = partner.home_word();
    if word == cpu.waiting_here() {
        return Some((Owned::seen_here(partner), partner.wait.get()));
    }
    let has_called =
        word == home_word(cpu.index, State::Asking) && partner.request.look().is_delivered();
    has_called.then(|| (Owned::seen_here(partner), partner.receive_from.get()))
}

/// The message has gone over: the request ends, silently if it may.
#[inline(always)]
fn end(cpu: &Cpu, sender: TcbRef) {
    let receives_for_ever = Timeouts::from_raw(sender.timeouts.get()).recv() == Time::NEVER;
    let is_silent = may_end_silently(sender.receive_from.get() != 0, receives_for_ever)
        && sender.request.deliver_silently();
    if !is_silent {
        hold::at(cpu, Point::Replying);
        post(
            cpu,
            sender.home(),
            &sender.request_node,
            Kind::Answer(Answer::Done),
        );
    }
}
