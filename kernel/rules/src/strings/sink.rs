//! The parts of the string buffers: what the receiver takes.

use pecan_abi::acceptor::Acceptor;
use pecan_abi::item::{CONTINUED, StringItem};
use pecan_abi::utcb::BUFFER_REGISTERS;

use super::Registers;
use super::part::Part;

/// Where in the buffers the plans of a message are: each string goes into a buffer of its own.
#[derive(Debug)]
pub struct Sink {
    /// The next buffer register to read; 0 before the first buffer.
    next: usize,
    /// Pointers of the current descriptor that were not read yet.
    pointers: usize,
    /// Bytes behind each of them.
    length: u64,
    /// Another descriptor belongs to the buffer.
    goes_on: bool,
    /// Another buffer follows this one.
    continued: bool,
    /// What is left of the current part.
    pub(super) part: Part,
}

impl Sink {
    /// Before the first buffer.
    #[inline]
    pub const fn new() -> Self {
        Self {
            next: 0,
            pointers: 0,
            length: 0,
            goes_on: false,
            continued: false,
            part: Part::NONE,
        }
    }

    /// Whether no buffer was used yet.
    #[inline]
    pub(super) const fn is_new(&self) -> bool {
        self.next == 0
    }

    /// The first buffer, with this descriptor of one part, was used.
    #[inline]
    pub(super) const fn use_simple(&mut self, descriptor: u64) {
        self.next = 3;
        self.continued = descriptor & CONTINUED != 0;
    }

    /// Goes on to the next buffer, whatever is left of this one. False: there is none.
    pub(super) fn open(&mut self, registers: &impl Registers) -> bool {
        if self.next == 0 {
            if !Acceptor::from_raw(registers.buffer(0)).accepts_strings() {
                return false;
            }
            self.next = 1;
        } else if !self.continued || !self.skip(registers) {
            return false;
        }
        self.part = Part::NONE;
        let Some(descriptor) = self.descriptor(registers) else {
            return false;
        };
        self.continued = descriptor.is_continued();
        true
    }

    /// Reads over the rest of the buffer. False: it has no end.
    fn skip(&mut self, registers: &impl Registers) -> bool {
        self.next += self.pointers;
        while self.goes_on {
            if self.descriptor(registers).is_none() {
                return false;
            }
            self.next += self.pointers;
        }
        true
    }

    /// The current part is used up: reads on, up to the next part or the descriptor before it. False: the buffer ends.
    pub(super) fn proceed(&mut self, registers: &impl Registers) -> bool {
        if self.part.is_clipped() {
            return false;
        }
        if self.pointers == 0 {
            return self.goes_on && self.descriptor(registers).is_some();
        }
        let Some(pointer) = self.read(registers) else {
            return false;
        };
        self.pointers -= 1;
        self.part = Part::new(pointer, self.length);
        true
    }

    fn descriptor(&mut self, registers: &impl Registers) -> Option<StringItem> {
        let descriptor = self.read(registers).and_then(StringItem::from_raw)?;
        self.pointers = descriptor.pointers();
        self.length = descriptor.length();
        self.goes_on = descriptor.is_compound();
        Some(descriptor)
    }

    fn read(&mut self, registers: &impl Registers) -> Option<u64> {
        let index = self.next;
        self.next += 1;
        (index < BUFFER_REGISTERS).then(|| registers.buffer(index))
    }
}

impl Default for Sink {
    fn default() -> Self {
        Self::new()
    }
}
