//! Strings: memory that the kernel copies from the sender's space into the receiver's, as a part of a
//! message. Nothing is shared afterwards, and the length is limited by the receiver's buffers only.
//!
//! The sender puts string items behind the words of a [`LongMessage`]; the receiver offers
//! [`Buffers`]. The first string goes into the first buffer, the second into the second. Both a string
//! and a buffer may lie in pieces all over the memory.
//!
//! ```no_run
//! use l4::string::{self, Buffers, LongMessage};
//! use l4::{IpcError, Message, ThreadId};
//!
//! /// Sends a name and a text; the answer is a text, too. Returns its length.
//! fn translate(server: ThreadId, text: &[u8], answer: &mut [u8]) -> Result<u64, IpcError> {
//!     let request = LongMessage::new(Message::new(1)).string(b"en-de").string(text);
//!     let reply = string::call(server, &request, Buffers::new().buffer(answer))?;
//!     Ok(reply.message.string_lengths().next().unwrap_or(0))
//! }
//!
//! /// Answers each text with itself in reverse.
//! fn serve() -> ! {
//!     let (mut language, mut text) = ([0; 8], [0; 4096]);
//!     loop {
//!         let buffers = Buffers::new().buffer(&mut language).buffer(&mut text);
//!         // A client whose text is too long has got an error, and so does this call.
//!         let Ok(request) = string::receive(ThreadId::ANY, buffers) else { continue };
//!         let length = request.message.string_lengths().nth(1).unwrap_or(0) as usize;
//!         text[..length].reverse();
//!         let answer = LongMessage::new(Message::new(0)).string(&text[..length]);
//!         // A client that does not wait for its answer loses it.
//!         let _ = string::reply(request.from, &answer);
//!     }
//! }
//! ```
//!
//! # What can go wrong
//!
//! A transfer that has begun can be cut. Both sides are told, with the same number of string bytes
//! that had arrived by then (over all strings of the message) in [`IpcError::offset`].
//!
//! | [`IpcCode`](crate::IpcCode) | why |
//! |---|---|
//! | `Overflow` | a string is longer than its buffer, there is no buffer for it, or an item has no meaning |
//! | `XferTimeoutOwn` | a page was missing for too long, by this thread's limit ([`xfer_within`]) |
//! | `XferTimeoutPartner` | the same by the partner's limit |
//! | `Aborted` | one of the two, or the pager that had to bring a page, was aborted or deleted |
//!
//! Pages that are missing on either side are asked for while the copy waits: a reading fault of the
//! sender, a writing one of the receiver, each to its own pager.

mod buffers;
mod descriptor;
mod message;

use pecan_abi::acceptor::Acceptor;
use pecan_abi::error::IpcError;
use pecan_abi::id::ThreadId;
use pecan_abi::time::{Time, Timeouts};

pub use buffers::Buffers;
pub use message::{CacheHint, LongMessage};

use crate::ipc::{self, Received};
use crate::utcb;

/// The general operation: as [`ipc::exchange`], with strings both ways.
///
/// What the thread accepts besides strings stays as it is; the other buffer registers are
/// overwritten.
///
/// # Errors
/// The phase that failed and why. If sending failed, nothing was received. If receiving was cut, the
/// words and the items up to the cut are in the message registers.
pub fn exchange(
    to: ThreadId,
    from: ThreadId,
    timeouts: Timeouts,
    message: &LongMessage<'_>,
    buffers: Buffers<'_>,
) -> Result<Received, IpcError> {
    let utcb = utcb::my();
    let before = utcb.acceptor();
    for (index, word) in buffers.words().iter().enumerate() {
        // SAFETY: the buffers are borrowed for the time of this call, and BR0 forgets them below.
        unsafe { utcb.set_br(index + 1, *word) };
    }
    let during = Acceptor::new(before.window(), !buffers.words().is_empty());
    // SAFETY: as above; the window is what it was.
    unsafe { utcb.set_acceptor(during) };
    let result = ipc::exchange(to, from, timeouts, message.message());
    // SAFETY: no strings.
    unsafe { utcb.set_acceptor(Acceptor::new(before.window(), false)) };
    result
}

/// Sends and waits until `to` has received.
///
/// # Errors
/// No such thread, cancelled, or the transfer was cut.
pub fn send(to: ThreadId, message: &LongMessage<'_>) -> Result<(), IpcError> {
    send_within(to, message, Time::NEVER)
}

/// Sends if `to` receives within `timeout`. How long the transfer then takes does not count, see
/// [`xfer_within`].
///
/// # Errors
/// As [`send`], or the time is over.
pub fn send_within(to: ThreadId, message: &LongMessage<'_>, timeout: Time) -> Result<(), IpcError> {
    let timeouts = Timeouts::new(timeout, Time::NEVER);
    exchange(to, ThreadId::NIL, timeouts, message, Buffers::new()).map(|_| ())
}

/// Answers `to` if it waits for that; else the answer is dropped, so that no client can hold up a
/// server.
///
/// # Errors
/// As [`send`], or `to` does not wait.
pub fn reply(to: ThreadId, message: &LongMessage<'_>) -> Result<(), IpcError> {
    send_within(to, message, Time::ZERO)
}

/// Waits for a message from `from` (or [`ThreadId::ANY`], [`ThreadId::ANY_LOCAL`]).
///
/// # Errors
/// No such thread, cancelled, or the transfer was cut.
pub fn receive(from: ThreadId, buffers: Buffers<'_>) -> Result<Received, IpcError> {
    receive_within(from, Time::NEVER, buffers)
}

/// As [`receive`], for `timeout` at most. A transfer that has begun is not stopped by it.
///
/// # Errors
/// As [`receive`], or the time is over.
pub fn receive_within(
    from: ThreadId,
    timeout: Time,
    buffers: Buffers<'_>,
) -> Result<Received, IpcError> {
    let timeouts = Timeouts::new(Time::NEVER, timeout);
    exchange(ThreadId::NIL, from, timeouts, &LongMessage::EMPTY, buffers)
}

/// Sends to `to` and waits for its answer.
///
/// # Errors
/// No such thread, cancelled, or a transfer was cut.
pub fn call(
    to: ThreadId,
    message: &LongMessage<'_>,
    buffers: Buffers<'_>,
) -> Result<Received, IpcError> {
    exchange(to, to, Timeouts::NEVER, message, buffers)
}

/// Answers `to` and waits for the next message from anyone: one step of a server. The answer is
/// dropped if `to` does not wait for it.
///
/// # Errors
/// The answer could not be delivered or was cut (phase send; nothing was received), cancelled, or
/// what came was cut.
pub fn reply_wait(
    to: ThreadId,
    message: &LongMessage<'_>,
    buffers: Buffers<'_>,
) -> Result<Received, IpcError> {
    let timeouts = Timeouts::new(Time::ZERO, Time::NEVER);
    exchange(to, ThreadId::ANY, timeouts, message, buffers)
}

/// Lets `work` send and receive under these limits: how long a transfer may take from the first
/// missing page on, while sending and while receiving. The partner has limits of its own, and the
/// shorter one counts. [`Time::ZERO`] cuts a transfer at the first missing page; without a limit
/// ([`Time::NEVER`], as at the start of a thread) a pager that does not answer holds it up for ever.
///
/// ```no_run
/// use l4::string::{self, Buffers};
/// use l4::{IpcError, ThreadId, Time, Timeouts};
///
/// /// Takes a text from a client whose pager is not trusted.
/// fn take(client: ThreadId, text: &mut [u8]) -> Result<u64, IpcError> {
///     let limits = Timeouts::new(Time::ZERO, Time::period(10_000));
///     let got = string::xfer_within(limits, || string::receive(client, Buffers::new().buffer(text)))?;
///     Ok(got.message.string_lengths().next().unwrap_or(0))
/// }
/// ```
pub fn xfer_within<R>(limits: Timeouts, work: impl FnOnce() -> R) -> R {
    let utcb = utcb::my();
    let before = utcb.xfer_timeouts();
    utcb.set_xfer_timeouts(limits);
    let result = work();
    utcb.set_xfer_timeouts(before);
    result
}

#[cfg(test)]
mod tests;
