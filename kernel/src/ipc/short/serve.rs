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
use crate::thread::{Owned, Resources, TcbRef, table};
use crate::trace;

/// What keeps a message from this way.
const RARE: u64 = Tag::TYPED_MASK | Tag::PROPAGATED | Tag::REDIRECTED;

/// What became of a request.
#[must_use]
pub(in crate::ipc) enum Served {
    /// Nothing has changed.
    Not,
    /// The partner has the message, and the request has ended: it is to be made ready.
    Silently(Owned),
    /// The same, but the sender has to be [told](tell) first.
    Loudly(Owned),
}

/// Serves the request of `sender`.
#[inline(always)]
pub(in crate::ipc) fn serve(cpu: &Cpu, sender: TcbRef) -> Served {
    let tag = sender.send_tag.get();
    let Some(partner) = table::find(sender.send_to.get()).filter(|_| tag & RARE == 0) else {
        return Served::Not;
    };
    let Some((partner, wait)) = waiting(cpu, partner) else {
        return Served::Not;
    };
    let (id, word) = (sender.id(), sender.request.look());
    let takes = wait == id || accepts(wait, id, partner.same_space(&sender));
    // Who demanded the end may have wanted it without the message.
    if !takes || partner.resources.get() & !Resources::INSIDE != 0 || !word.is_undemanded() {
        return Served::Not;
    }
    debug_assert_eq!(
        protocol::serve(word, Receiver::Waiting, true),
        Serve::Deliver
    );
    let tag = Tag::from_raw(tag);
    let count = tag.untyped().min(usize::from(partner.room.get()));
    if count != 0 {
        partner
            .message
            .get()
            .copy_words(sender.message.get(), count);
    }
    trace::delivered(&sender, partner, tag.raw());
    received(
        partner,
        sender.sender_id(id, &partner),
        tag.with_flags(Tag::CROSS_CPU).raw(),
    );
    sched::disarm(partner);
    let receives_for_ever = Timeouts::from_raw(sender.timeouts.get()).recv() == Time::NEVER;
    let is_silent = may_end_silently(sender.receive_from.get() != 0, receives_for_ever)
        && sender.request.deliver_silently_as(word);
    if is_silent {
        Served::Silently(partner)
    } else {
        Served::Loudly(partner)
    }
}

/// The partner as one that waits on this CPU, and for whom: since its own request has ended silently, or in its receive phase.
#[inline(always)]
fn waiting(cpu: &Cpu, partner: TcbRef) -> Option<(Owned, u64)> {
    let word = partner.home_word();
    if word == cpu.asking_here() && partner.request.look().is_delivered() {
        return Some((Owned::seen_here(partner), partner.receive_from.get()));
    }
    (word == cpu.waiting_here()).then(|| (Owned::seen_here(partner), partner.wait.get()))
}

/// The message of `sender` has gone over, but the request could not end silently.
#[cold]
#[inline(never)]
pub(crate) fn tell(cpu: &Cpu, sender: TcbRef) {
    hold::at(cpu, Point::Replying);
    post(
        cpu,
        sender.home(),
        &sender.request_node,
        Kind::Answer(Answer::Done),
    );
}
