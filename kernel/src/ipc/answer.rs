//! Stage 6: results. The only writer of MR0, ErrorCode and `from` of a finished IPC. On the thread's home CPU.

use pecan_abi::error::{IpcCode, IpcError, Phase};
use pecan_abi::tag::Tag;

use crate::thread::{Field, Owned};

/// `receiver` got the message with this tag from `from`.
#[inline(always)]
pub(super) fn received(receiver: Owned, from: u64, tag: u64) {
    receiver.message.get().set_mr(0, tag);
    receiver.from.set(from);
}

/// `sender` sent its message and does not receive.
pub(super) fn sent(sender: Owned, tag: Tag) {
    let tag = tag.without_flags(Tag::REDIRECTED);
    sender.message.get().set_mr(0, tag.raw());
    sender.from.set(0);
}

/// The IPC of `thread` failed; `tag` is what its MR0 shows beside the error flag.
pub(super) fn failed(thread: Owned, tag: u64, error: IpcError) {
    thread.message.get().set_mr(0, tag | Tag::ERROR);
    thread.message.get().set(Field::ERROR_CODE, error.raw());
    thread.from.set(0);
}

/// The send phase of `thread` failed before it met its partner, without waiting for it: a bare error tag.
pub(super) fn refused_send(thread: Owned, code: IpcCode) {
    failed(thread, 0, IpcError::new(Phase::Send, code));
}

/// The receive phase of `thread` failed: a bare error tag.
pub(super) fn refused_receive(thread: Owned, code: IpcCode) {
    failed(thread, 0, IpcError::new(Phase::Receive, code));
}

/// The send phase of `thread` ended while it waited: the tag it wanted to send stays visible.
pub(super) fn ended_send(thread: Owned, code: IpcCode) {
    failed(thread, sent_tag(thread), IpcError::new(Phase::Send, code));
}

/// The message of `thread` was cut: the tag it wanted to send stays visible, and to whom (L4 X.2, errors).
pub(super) fn cut_send(thread: Owned, error: IpcError) {
    failed(thread, sent_tag(thread), error);
    thread.from.set(thread.send_to.get());
}

/// The tag as `thread` gave it.
fn sent_tag(thread: Owned) -> u64 {
    thread.send_tag.get() & !Tag::REDIRECTED
}
