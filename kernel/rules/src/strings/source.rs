//! The parts of a string item: what the sender gives.

use pecan_abi::item::StringItem;

use super::part::Part;
use super::{Registers, Step};

/// Where in the item the plan is.
#[derive(Debug)]
pub(super) struct Source {
    first: usize,
    /// The next message register to read.
    next: usize,
    /// The first one that is not the message's.
    end: usize,
    /// Pointers of the current descriptor that were not read yet.
    pointers: usize,
    /// Bytes behind each of them.
    length: u64,
    /// Another descriptor belongs to the string.
    goes_on: bool,
    /// What is left of the current part.
    pub(super) part: Part,
}

impl Source {
    /// Before the first word.
    #[inline]
    pub(super) const fn new(first: usize, end: usize) -> Self {
        Self {
            first,
            next: first,
            end,
            pointers: 0,
            length: 0,
            goes_on: true,
            part: Part::NONE,
        }
    }

    /// Whether the first word was read.
    #[inline]
    pub(super) const fn is_begun(&self) -> bool {
        self.next > self.first
    }

    /// The current part is used up: reads the word of the next one, or of the descriptor before it.
    #[inline]
    pub(super) fn proceed(&mut self, registers: &impl Registers) -> Step {
        if self.part.is_clipped() {
            return Step::Cut;
        }
        if self.pointers == 0 && !self.goes_on {
            return Step::Done(self.next);
        }
        let index = self.next;
        if index >= self.end {
            return Step::Cut;
        }
        let word = registers.message(index);
        if self.pointers > 0 {
            self.pointers -= 1;
            self.part = Part::new(word, self.length);
        } else {
            let Some(descriptor) = StringItem::from_raw(word) else {
                return Step::Cut;
            };
            self.pointers = descriptor.pointers();
            self.length = descriptor.length();
            self.goes_on = descriptor.is_compound();
        }
        self.next += 1;
        Step::Word(index, word)
    }
}
