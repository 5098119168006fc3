//! Stage 4: the message itself. On the receiver's CPU, interrupts off; the sender runs on this CPU or is blocked.

use pecan_abi::error::{IpcCode, IpcError, Phase};
use pecan_abi::tag::Tag;

use super::{answer, items};
use crate::sched;
use crate::thread::{Owned, Tcb};

/// A message that was cut: both sides see the code.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cut(pub(super) IpcCode);

/// Copies the message with `tag` from `sender` to `receiver` and writes the receiver's results. The receiver's
/// state is the caller's to change. `flags` are output flags of the tag.
#[inline]
pub(super) fn message(sender: &Tcb, receiver: Owned, tag: Tag, flags: u64) -> Result<(), Cut> {
    receiver
        .utcb
        .get()
        .copy_words(sender.utcb.get(), tag.untyped());
    sched::disarm(receiver);
    let tag = tag.with_flags(flags);
    let whole = if tag.typed() == 0 {
        Ok(())
    } else {
        items::transfer(sender, receiver, tag)
    };
    match whole {
        Ok(()) => {
            answer::received(receiver, receiver_sees(sender, receiver), tag.raw());
            Ok(())
        }
        Err(Cut(code)) => {
            answer::failed(receiver, tag.raw(), IpcError::new(Phase::Receive, code));
            Err(Cut(code))
        }
    }
}

fn receiver_sees(sender: &Tcb, receiver: Owned) -> u64 {
    sender.sender_id(sender.id(), &receiver)
}
