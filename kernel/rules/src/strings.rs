//! Which bytes of a message's strings go where (L4 X.2, string items and buffers).
//!
//! A string item is a row of parts in the sender's memory; a string buffer is a row of parts in the receiver's. Both are
//! written in words that their owners may change at any time, so each word is read once.
//!
//! ```text
//!  sender's MRs       | word 0 | pointer | pointer | word 0, continues | pointer |      string, 3 parts
//!                          |        |         |                             |
//!  bytes                   |     [.......][........]                 [..............]
//!                          |        \______    \__________     __________/ |
//!  receiver's BRs     | word 0 | pointer .. |   (other lengths, same bytes in a row)
//! ```
//!
//! [`Plan`] says step by step what to do next; it copies nothing itself.
//!
//! * `part`   one stretch of memory
//! * `source` the parts of an item, from message registers
//! * `sink`   the parts of the buffers, from buffer registers
//! * `straight` what needs no plan

mod part;
mod sink;
mod source;
mod straight;

pub use sink::Sink;
pub use straight::{Straight, straight};

use source::Source;

/// The registers that describe strings and buffers. Every read may give another value.
pub trait Registers {
    /// Message register `index`, 1-63, of the sender.
    fn message(&self, index: usize) -> u64;
    /// Buffer register `index`, 0-32, of the receiver.
    fn buffer(&self, index: usize) -> u64;
}

/// What to do next with a string.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step {
    /// The receiver's message register `.0` gets the word `.1`.
    Word(usize, u64),
    /// Bytes go over, in ascending order.
    Copy {
        /// First address in the sender's memory.
        from: u64,
        /// First address in the receiver's memory.
        to: u64,
        /// How many, at least one. Both stretches lie in the user range.
        length: u64,
    },
    /// The whole string has gone over; the next item begins in this message register.
    Done(usize),
    /// The message is cut here: the receiver has no room for what comes, or the item is none.
    Cut,
}

/// One string item on its way into the next buffer of the receiver.
#[derive(Debug)]
pub struct Plan<'a> {
    source: Source,
    sink: &'a mut Sink,
    /// The item has its buffer.
    open: bool,
}

impl<'a> Plan<'a> {
    /// The item in message register `first` of a message whose registers end before `end` (at most 64). `sink` is the
    /// receiver's, the same for all items of the message.
    #[inline]
    pub const fn new(first: usize, end: usize, sink: &'a mut Sink) -> Self {
        Self {
            source: Source::new(first, end),
            sink,
            open: false,
        }
    }

    /// The next step. After [`Step::Done`] and [`Step::Cut`] there is none.
    #[inline]
    pub fn step(&mut self, registers: &impl Registers) -> Step {
        // The receiver sees the item's first word even if it has no buffer for it.
        if self.source.is_begun() && !self.open {
            self.open = true;
            if !self.sink.open(registers) {
                return Step::Cut;
            }
        }
        if self.source.part.is_used_up() {
            return self.source.proceed(registers);
        }
        while self.sink.part.is_used_up() {
            if !self.sink.proceed(registers) {
                return Step::Cut;
            }
        }
        let length = self.source.part.left().min(self.sink.part.left());
        Step::Copy {
            from: self.source.part.take(length),
            to: self.sink.part.take(length),
            length,
        }
    }
}

#[cfg(test)]
mod tests;
