//! Messages between threads.
//!
//! Every operation is one Ipc system call with a send phase, a receive phase, or both. A sender and
//! a receiver meet: whoever comes first waits, for ever unless a timeout says otherwise.
//!
//! ```no_run
//! use l4::{Message, ThreadId, ipc};
//! # fn f(server: ThreadId) -> Result<(), l4::IpcError> {
//! let reply = ipc::call(server, &Message::new(1).word(42))?;
//! l4::println!("{:x} says {:?}", reply.from.raw(), reply.message.untyped());
//! # Ok(()) }
//! ```
//!
//! A thread may speak for another one: it *propagates* a message with that one as *virtual sender*
//! ([`propagate`]). So a server hands a request over to a helper that answers the client itself. The
//! kernel permits it to a thread that shares its space with the virtual sender or with the receiver,
//! and to a redirector ([`space::Builder::redirector`](crate::space::Builder::redirector)).

use pecan_abi::error::{IpcCode, IpcError, Phase};
use pecan_abi::id::ThreadId;
use pecan_abi::time::{Time, Timeouts};

use crate::message::Message;
use crate::{syscall, utcb};

/// A received message and who sent it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// The sender: its local id if it lives in the receiver's space, else its global id.
    pub from: ThreadId,
    /// What it sent.
    pub message: Message,
    /// Who really sent it, if it was propagated: `from` is the virtual sender then.
    pub actual_sender: Option<ThreadId>,
    /// Who was meant to get it, if it was redirected: the receiver is the redirector then.
    pub intended_receiver: Option<ThreadId>,
}

impl Received {
    /// Takes the message of the IPC that has just ended well.
    #[inline]
    fn load(from: ThreadId) -> Self {
        let utcb = utcb::my();
        let message = Message::load(utcb);
        let tag = message.tag();
        Self {
            from,
            message,
            actual_sender: tag.is_propagated().then(|| utcb.virtual_sender()),
            intended_receiver: tag.is_redirected().then(|| utcb.intended_receiver()),
        }
    }
}

/// The general operation: sends `message` to `to` unless that is nil, then receives from `from`
/// unless that is nil. The thread waits already when the partner gets the message, so an answer
/// cannot be missed.
///
/// # Errors
/// The phase that failed and why. If sending failed, nothing was received.
#[inline]
pub fn exchange(
    to: ThreadId,
    from: ThreadId,
    timeouts: Timeouts,
    message: &Message,
) -> Result<Received, IpcError> {
    let sender = transfer(to, from, timeouts, message)?;
    Ok(Received::load(sender))
}

/// As [`exchange`], but `message` is sent for `virtual_sender`. If that waits for the caller alone, it
/// waits for `to` alone from then on. Without permission, the message is the caller's own.
///
/// # Errors
/// As [`exchange`]; the virtual sender waits for the caller again then.
#[inline]
pub fn propagate(
    virtual_sender: ThreadId,
    to: ThreadId,
    from: ThreadId,
    timeouts: Timeouts,
    message: &Message,
) -> Result<Received, IpcError> {
    utcb::my().set_virtual_sender(virtual_sender);
    let tag = message.tag().with_propagated();
    exchange(to, from, timeouts, &message.clone().with_tag(tag))
}

/// As [`exchange`], leaving what arrived in the message registers.
#[inline]
fn transfer(
    to: ThreadId,
    from: ThreadId,
    timeouts: Timeouts,
    message: &Message,
) -> Result<ThreadId, IpcError> {
    let utcb = utcb::my();
    message.store(utcb);
    // SAFETY: `utcb` is the calling thread's. Accepting mappings over memory in use takes an unsafe
    // call (`Utcb::set_acceptor`) whose contract covers it.
    let sender = unsafe { syscall::ipc(to.raw(), from.raw(), timeouts.raw(), utcb.mr0()) };
    if utcb.tag().is_error() {
        Err(last_error())
    } else {
        Ok(ThreadId::from_raw(sender))
    }
}

/// Why the calling thread's last IPC failed.
#[must_use]
pub fn last_error() -> IpcError {
    let unknown = IpcError {
        phase: Phase::Send,
        code: IpcCode::Aborted,
        offset: 0,
    };
    IpcError::from_raw(utcb::my().error_code()).unwrap_or(unknown)
}

const NOTHING: Message = Message::new(0);

/// Sends and waits until `to` has received.
///
/// # Errors
/// No such thread, or cancelled.
#[inline]
pub fn send(to: ThreadId, message: &Message) -> Result<(), IpcError> {
    send_within(to, message, Time::NEVER)
}

/// Sends if `to` receives within `timeout`.
///
/// # Errors
/// As [`send`], or the time is over.
#[inline]
pub fn send_within(to: ThreadId, message: &Message, timeout: Time) -> Result<(), IpcError> {
    transfer(
        to,
        ThreadId::NIL,
        Timeouts::new(timeout, Time::NEVER),
        message,
    )
    .map(|_| ())
}

/// Waits for a message from `from` only.
///
/// # Errors
/// No such thread, or cancelled.
#[inline]
pub fn receive(from: ThreadId) -> Result<Received, IpcError> {
    receive_within(from, Time::NEVER)
}

/// Waits for a message from `from` (or [`ThreadId::ANY`], [`ThreadId::ANY_LOCAL`]) for `timeout` at most.
///
/// # Errors
/// As [`receive`], or the time is over.
#[inline]
pub fn receive_within(from: ThreadId, timeout: Time) -> Result<Received, IpcError> {
    exchange(
        ThreadId::NIL,
        from,
        Timeouts::new(Time::NEVER, timeout),
        &NOTHING,
    )
}

/// Waits for a message from anyone.
///
/// # Errors
/// Cancelled.
#[inline]
pub fn wait() -> Result<Received, IpcError> {
    receive(ThreadId::ANY)
}

/// Sends to `to` and waits for its answer.
///
/// # Errors
/// No such thread, or cancelled.
#[inline]
pub fn call(to: ThreadId, message: &Message) -> Result<Received, IpcError> {
    exchange(to, to, Timeouts::NEVER, message)
}

/// As [`call`] with a limit for each phase.
///
/// # Errors
/// As [`call`], or the time is over.
#[inline]
pub fn call_within(
    to: ThreadId,
    message: &Message,
    timeouts: Timeouts,
) -> Result<Received, IpcError> {
    exchange(to, to, timeouts, message)
}

/// Answers `to` and waits for the next message from anyone: one step of a server.
///
/// The answer is dropped if `to` does not wait for it (send timeout zero), so that no client can
/// hold up a server.
///
/// # Errors
/// The answer could not be delivered (phase send; nothing was received), or cancelled.
#[inline]
pub fn reply_wait(to: ThreadId, message: &Message) -> Result<Received, IpcError> {
    exchange(
        to,
        ThreadId::ANY,
        Timeouts::new(Time::ZERO, Time::NEVER),
        message,
    )
}

/// Sleeps for `duration` (rounded as [`Time::period`] does) or until cancelled.
pub fn sleep(duration: Time) {
    let me = crate::thread::myself();
    // The kernel's answer is always an error: the time is over.
    let _ = exchange(
        ThreadId::NIL,
        me,
        Timeouts::new(Time::NEVER, duration),
        &NOTHING,
    );
}

/// Waits for ever, whatever happens: the end of a thread that has nothing more to do.
pub fn park() -> ! {
    loop {
        sleep(Time::NEVER);
    }
}
