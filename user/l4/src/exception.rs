//! Serving exceptions: the registers of a thread that raised one, and the answer with which it goes on.
//!
//! A thread's handler is what [`crate::utcb::Utcb::set_exception_handler`] says. It gets a message with all registers, and
//! whatever it answers is in the thread's registers when that goes on. No answer: the thread waits.
//!
//! ```no_run
//! use l4::exception::{Exception, register};
//!
//! // Skips every UD2 of the threads that it serves.
//! fn skip(_: u64) {
//!     l4::server::serve(|request| {
//!         let mut exception = Exception::from_message(&request.message)?;
//!         exception.set(register::RIP, exception.get(register::RIP) + 2);
//!         Some(exception.answer())
//!     })
//! }
//! ```

use pecan_abi::protocol::{EXCEPTION_TAG, EXCEPTION_WORDS};

use crate::Message;

/// Which register is which, for [`Exception::get`].
pub use pecan_abi::protocol::exception as register;

/// RFLAGS: a debug exception (vector 1) follows the next instruction.
pub const TRAP_FLAG: u64 = 1 << 8;
/// RFLAGS: the next instruction's breakpoint does not fire.
pub const RESUME_FLAG: u64 = 1 << 16;

/// The registers of a thread that raised an exception.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exception {
    words: [u64; EXCEPTION_WORDS],
}

impl Exception {
    /// The exception that `message` tells of; `None`: it is another message.
    pub fn from_message(message: &Message) -> Option<Self> {
        if message.tag().raw() & !0xF000 != EXCEPTION_TAG.raw() & !0xF000 {
            return None;
        }
        Some(Self {
            words: message.untyped().try_into().ok()?,
        })
    }

    /// Why: the CPU's number of the exception.
    pub fn vector(&self) -> u64 {
        self.get(register::VECTOR)
    }

    /// The register that [`register`] calls `number`, 1 to 19.
    ///
    /// # Panics
    /// If there is no such register.
    pub fn get(&self, number: usize) -> u64 {
        self.words[number - 1]
    }

    /// Changes a register. Of RFLAGS the thread takes CF PF AF ZF SF OF TF RF; the vector is ignored.
    ///
    /// # Panics
    /// If there is no such register.
    pub fn set(&mut self, number: usize, value: u64) {
        self.words[number - 1] = value;
    }

    /// Sets or clears bits of RFLAGS.
    pub fn set_flag(&mut self, flag: u64, on: bool) {
        let others = self.get(register::RFLAGS) & !flag;
        self.set(register::RFLAGS, others | if on { flag } else { 0 });
    }

    /// The answer: the thread goes on with these registers.
    pub fn answer(&self) -> Message {
        Message::new(0).words(&self.words)
    }
}
