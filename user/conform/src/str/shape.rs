//! Words of string items and buffers, from tables and by chance.

use l4::abi::item::{CONTINUED, StringItem};

use crate::harness::regular::Random;

/// Descriptor words in the making.
#[derive(Clone, Copy)]
pub(super) struct Words {
    list: [u64; 63],
    used: usize,
}

/// A descriptor: length of each part, number of parts.
pub(super) type Part = (u64, usize);

impl Words {
    /// None.
    pub(super) const fn new() -> Self {
        Self {
            list: [0; 63],
            used: 0,
        }
    }

    /// The words.
    pub(super) fn as_slice(&self) -> &[u64] {
        &self.list[..self.used]
    }

    fn push(&mut self, word: u64) {
        self.list[self.used] = word;
        self.used += 1;
    }

    /// Appends a string of one part.
    pub(super) fn simple(mut self, address: u64, length: u64) -> Self {
        self.push(StringItem::new(length, 1).raw());
        self.push(address);
        self
    }

    /// Appends any words.
    pub(super) fn then(mut self, words: &[u64]) -> Self {
        for word in words {
            self.push(*word);
        }
        self
    }

    /// Sets bits in the first word of the string at word `index`.
    pub(super) fn with_bits(mut self, index: usize, bits: u64) -> Self {
        self.list[index] |= bits;
        self
    }
}

/// Lays strings into memory from `base` on: parts in turns from the front and from the back of
/// `room` bytes, with gaps, so that no two touch or lie in order.
pub(super) fn lay(strings: &[&[Part]], base: u64, room: u64, more: bool) -> Words {
    let mut words = Words::new();
    let (mut front, mut back) = (base, base + room);
    for (index, string) in strings.iter().enumerate() {
        let first = words.used;
        for (number, (length, parts)) in string.iter().enumerate() {
            let mut descriptor = StringItem::new(*length, *parts);
            if number + 1 < string.len() {
                descriptor = descriptor.with_compound();
            }
            words.push(descriptor.raw());
            for part in 0..*parts {
                if (part + number) % 2 == 0 {
                    words.push(front);
                    front += length + 1 + (part as u64 % 5);
                } else {
                    back -= length + 3;
                    words.push(back);
                }
            }
        }
        if more && index + 1 < strings.len() {
            words.list[first] |= CONTINUED;
        }
    }
    assert!(front <= back, "a shape with more bytes than there is room");
    words
}

const LENGTHS: [u64; 16] = [
    0, 1, 2, 7, 8, 9, 15, 16, 31, 63, 64, 65, 255, 256, 511, 1023,
];

/// Strings by chance, at any places of `room` bytes from `base` on; at most `most` words.
pub(super) fn random(random: &mut Random, base: u64, room: u64, most: usize, more: bool) -> Words {
    let mut words = Words::new();
    let strings = 1 + random.below(4);
    let mut last = None;
    for _ in 0..strings {
        let first = words.used;
        let descriptors = 1 + random.below(3);
        for number in 0..descriptors {
            let parts = 1 + random.below(4) as usize;
            if words.used + 1 + parts > most {
                break;
            }
            if number > 0 {
                let before = words.used - 1;
                compound(&mut words, first, before);
            }
            let length = LENGTHS[random.below(16) as usize];
            words.push(StringItem::new(length, parts).raw());
            for _ in 0..parts {
                words.push(base + random.below(room - length));
            }
        }
        if words.used > first {
            if let Some(last) = last.filter(|_| more) {
                words.list[last] |= CONTINUED;
            }
            last = Some(first);
        }
    }
    words
}

/// Marks the last descriptor of the string that begins at `first` and ends at `last` as continued.
fn compound(words: &mut Words, first: usize, last: usize) {
    let mut at = first;
    loop {
        let Some(item) = StringItem::from_raw(words.list[at]) else {
            return;
        };
        let end = at + item.pointers();
        if end >= last {
            words.list[at] = item.with_compound().raw();
            return;
        }
        at = end + 1;
    }
}
