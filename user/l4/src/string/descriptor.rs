//! Descriptors of strings and of buffers: a first word with a length, then pointers to parts of that
//! length. Parts of other lengths take a further descriptor that continues the string.

use pecan_abi::item::StringItem;

/// Most pointers behind one first word.
const POINTERS: usize = 32;

/// The words of one string in the making, at the end of `words[..used]`.
pub(super) struct Writer<'w> {
    words: &'w mut [u64],
    used: usize,
    /// Where the first word of the last descriptor is.
    last: Option<usize>,
    hint: u64,
}

impl<'w> Writer<'w> {
    /// Begins a string behind the first `used` words. `hint` are bits for each of its first words.
    pub(super) const fn new(words: &'w mut [u64], used: usize, hint: u64) -> Self {
        Self {
            words,
            used,
            last: None,
            hint,
        }
    }

    /// Adds a part. Panics if the words are full.
    pub(super) fn part(&mut self, address: u64, length: u64) {
        match self.last {
            Some(at) if self.fits(at, length) => {
                let item = self.words[at];
                self.words[at] = item + StringItem::new(0, 2).raw();
            }
            last => {
                if let Some(at) = last {
                    self.words[at] |= StringItem::COMPOUND;
                }
                self.last = Some(self.used);
                self.push(StringItem::new(length, 1).raw() | self.hint);
            }
        }
        self.push(address);
    }

    fn fits(&self, at: usize, length: u64) -> bool {
        StringItem::from_raw(self.words[at])
            .is_some_and(|item| item.length() == length && item.pointers() < POINTERS)
    }

    fn push(&mut self, word: u64) {
        assert!(
            self.used < self.words.len(),
            "no room for the parts of a string"
        );
        self.words[self.used] = word;
        self.used += 1;
    }

    /// Ends the string: how many words are used now. A string without parts is empty.
    pub(super) fn end(mut self) -> usize {
        if self.last.is_none() {
            self.part(0, 0);
        }
        self.used
    }
}
