//! A message inside of another: the answer to a fault that a transfer has met. It has pages, but no strings. On the CPU of
//! both, interrupts off.
//!
//! Its receiver is locked with somebody else already, so these two cannot be locked. The receiver goes on waiting, or a
//! sender that was queued is queued; and whoever goes on after a pause looks whether that is still so.

use pecan_abi::tag::Tag;

use super::Way;
use crate::cpu;
use crate::ipc::{meet, queue};
use crate::thread::{Owned, Part, Resources, State};

/// Whether a message to `receiver` would be one inside of another.
pub(super) fn is_inside(receiver: Owned) -> bool {
    receiver.transfer.part.get() != Part::NONE
}

/// Does `work`, which lets in what waits. False: one of the two is out of this message.
pub(super) fn pause(way: Way, tag: Tag, work: impl FnOnce(Owned)) -> bool {
    let Way { me, partner, part } = way;
    let names = (me.id(), partner.id());
    let is_there = if part.sends() {
        push(me, partner, tag, work)
    } else {
        pull(me, partner, work)
    };
    is_there && names == (me.id(), partner.id())
}

/// The sender stays on this CPU and is not stopped, until the message has ended.
fn push(me: Owned, receiver: Owned, tag: Tag, work: impl FnOnce(Owned)) -> bool {
    me.transfer.part.set(Part::PUSHES);
    me.resources.set(me.resources.get() | Resources::TRANSFER);
    work(me);
    receiver.home_word() == cpu::current().waiting_here()
        && meet::takes(receiver, receiver.wait.get(), &me, tag)
}

/// The sender is where others look for it.
fn pull(me: Owned, sender: Owned, work: impl FnOnce(Owned)) -> bool {
    queue::push(me, sender.name());
    work(me);
    let is_queued = sender.state() == State::Sending && sender.queued_at() == Some(me.name());
    if is_queued {
        queue::unlink(sender.name());
    }
    is_queued
}
