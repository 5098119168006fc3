//! Stage 4: the message itself. On the receiver's CPU, interrupts off; the sender runs on this CPU or is blocked.

use pecan_abi::error::{IpcCode, IpcError, Phase};
use pecan_abi::tag::Tag;

use super::{answer, items, on_behalf};
use crate::sched;
use crate::thread::{Owned, Tcb};
use crate::trace;

/// A message that was cut: what both sides see.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cut {
    /// The sender's code.
    pub(super) sender: IpcCode,
    /// The receiver's code.
    pub(super) receiver: IpcCode,
    /// Bytes of strings that went over.
    pub(super) offset: u64,
    /// The partner of the running thread has heard already, or is gone.
    pub(super) told: bool,
}

impl Cut {
    /// Both see the same code, and nobody has heard.
    pub(super) const fn both(code: IpcCode, offset: u64) -> Self {
        Self {
            sender: code,
            receiver: code,
            offset,
            told: false,
        }
    }

    /// The sender's error.
    pub(super) const fn senders(&self) -> IpcError {
        IpcError {
            phase: Phase::Send,
            code: self.sender,
            offset: self.offset,
        }
    }

    const fn receivers(&self) -> IpcError {
        IpcError {
            phase: Phase::Receive,
            code: self.receiver,
            offset: self.offset,
        }
    }
}

/// Which of the two runs, and so copies strings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mover {
    /// The sender: the receiver waits here.
    Sender,
    /// The receiver: the sender is blocked here.
    Receiver,
    /// Neither: strings are cut.
    Nobody,
}

/// Moves the message with `tag` from `sender` to `receiver` and writes the receiver's results. The receiver's
/// state is the caller's to change. `flags` are output flags of the tag. Blocks if strings need pages.
#[inline(never)]
pub(super) fn message(
    sender: &Tcb,
    receiver: Owned,
    tag: Tag,
    flags: u64,
    mover: Mover,
) -> Result<(), Cut> {
    words(sender, receiver, tag);
    sched::disarm(receiver);
    let tag = tag.with_flags(flags);
    let whole = if tag.typed() == 0 {
        Ok(())
    } else {
        items::transfer(sender, receiver, tag, mover)
    };
    match whole {
        Ok(()) => {
            trace::delivered(sender, receiver, tag.raw());
            answer::received(receiver, receiver_sees(sender, receiver, tag), tag.raw());
        }
        Err(cut) if cut.told && mover == Mover::Sender => {}
        Err(cut) => answer::failed(receiver, tag.raw(), cut.receivers()),
    }
    whole
}

/// Moves the untyped words of the message with `tag`.
#[inline(always)]
pub(super) fn words(sender: &Tcb, receiver: Owned, tag: Tag) {
    let count = tag.untyped().min(usize::from(receiver.room.get()));
    receiver
        .message
        .get()
        .copy_words(sender.message.get(), count);
}

/// Moves a message that is nothing but `tag`.
#[inline]
pub(super) fn bare(sender: &Tcb, receiver: Owned, tag: Tag) {
    sched::disarm(receiver);
    trace::delivered(sender, receiver, tag.raw());
    answer::received(
        receiver,
        sender.sender_id(sender.id(), &receiver),
        tag.raw(),
    );
}

/// Writes a typed word of the message, unless the register is one of those that the receiver keeps for itself.
pub(super) fn store(receiver: Owned, index: usize, word: u64) {
    if index <= usize::from(receiver.room.get()) {
        receiver.message.get().set_mr(index, word);
    }
}

fn receiver_sees(sender: &Tcb, receiver: Owned, tag: Tag) -> u64 {
    if tag.raw() & (Tag::PROPAGATED | Tag::REDIRECTED) != 0 {
        return on_behalf::arrived(sender, receiver, tag);
    }
    sender.sender_id(sender.id(), &receiver)
}
