//! Interrupts of devices. A line has a thread of its own; its handler gets a message from that thread when the device
//! interrupts, and answers when the device is served. Only then does the line interrupt again.
//!
//! ```no_run
//! use l4::{SysError, interrupt, thread};
//! # fn serve_device() {}
//! # fn f() -> Result<(), SysError> {
//! interrupt::associate(20, thread::myself())?;
//! # let mut going_on = true;
//! # while going_on {
//! if interrupt::wait(20).is_ok() {
//!     serve_device();
//!     interrupt::acknowledge(20).expect("the line has a thread");
//! }
//! # going_on = false; }
//! # Ok(()) }
//! ```
//! A handler of several lines waits for anyone, and [`line`] tells it which one a message is from.

use pecan_abi::error::{IpcError, SysError};
use pecan_abi::id::ThreadId;
use pecan_abi::layout::NOT_GIVEN;
use pecan_abi::protocol::INTERRUPT;
use pecan_abi::time::Timeouts;

use crate::ipc::{self, Received};
use crate::message::Message;
use crate::{kip, syscall, thread as threads};

/// How many lines there can be: their numbers are below this.
#[must_use]
pub fn count() -> u32 {
    kip::thread_info().system_base
}

/// The thread of line `number`.
#[must_use]
pub const fn thread(number: u32) -> ThreadId {
    ThreadId::global(number, 1)
}

/// Makes `handler` the one that gets the interrupts of line `number`, and opens the line.
///
/// # Errors
/// No privilege, no such line or handler, no memory.
pub fn associate(number: u32, handler: ThreadId) -> Result<(), SysError> {
    let irq = thread(number).raw();
    // SAFETY: the thread of an interrupt runs no code.
    let result = unsafe { syscall::thread_control(irq, irq, 0, handler.raw(), NOT_GIVEN) };
    if result == 1 {
        Ok(())
    } else {
        Err(threads::last_error())
    }
}

/// Nobody gets the interrupts of line `number` any more; it is closed.
///
/// # Errors
/// No privilege, no such line.
pub fn dissociate(number: u32) -> Result<(), SysError> {
    associate(number, thread(number))
}

/// Waits for an interrupt of line `number`, whose handler the caller is.
///
/// # Errors
/// The line has no handler any more, or the wait was cancelled.
pub fn wait(number: u32) -> Result<(), IpcError> {
    ipc::receive(thread(number)).map(|_| ())
}

/// The device is served: the line may interrupt again. An interrupt that came meanwhile comes now.
///
/// # Errors
/// The line has no handler any more.
pub fn acknowledge(number: u32) -> Result<(), IpcError> {
    ipc::send(thread(number), &Message::new(0))
}

/// [`acknowledge`] and [`wait`] at once.
///
/// # Errors
/// As those.
pub fn acknowledge_and_wait(number: u32) -> Result<(), IpcError> {
    let irq = thread(number);
    ipc::exchange(irq, irq, Timeouts::NEVER, &Message::new(0)).map(|_| ())
}

/// The line that this message is from, if it is an interrupt's.
#[must_use]
pub fn line(received: &Received) -> Option<u32> {
    let number = received.from.number();
    let from_line = received.from == thread(number) && number < count();
    (from_line && received.message.label() == INTERRUPT).then_some(number)
}
