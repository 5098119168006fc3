//! The I/O permission bitmap of a processor: a bit for each port, zero lets a program use it.

use core::cell::Cell;

use super::Ports;

/// Words of a bitmap.
pub const WORDS: usize = 65536 / 64;

/// A bitmap in memory that the processor reads, too. It remembers which words have a zero, so that forbidding all
/// ports again takes as long as allowing them did.
#[derive(Debug)]
pub struct Bitmap<'a> {
    words: &'a [Cell<u64>; WORDS],
    /// Words before the first, and from the second on, are all ones.
    touched: Cell<(usize, usize)>,
}

impl<'a> Bitmap<'a> {
    /// A bitmap in `words` that allows nothing.
    pub fn new(words: &'a [Cell<u64>; WORDS]) -> Self {
        for word in words {
            word.set(u64::MAX);
        }
        Self {
            words,
            touched: Cell::new((WORDS, 0)),
        }
    }

    /// Allows these ports besides the others.
    pub fn allow(&self, ports: Ports) {
        let (from, to) = (usize::from(ports.first) / 64, usize::from(ports.last) / 64);
        for (index, word) in (from..=to).zip(&self.words[from..=to]) {
            word.set(word.get() & !mask(ports, index));
        }
        let (first, end) = self.touched.get();
        self.touched.set((first.min(from), end.max(to + 1)));
    }

    /// Whether all of these ports are allowed.
    pub fn allows(&self, ports: Ports) -> bool {
        let (from, to) = (usize::from(ports.first) / 64, usize::from(ports.last) / 64);
        (from..=to)
            .zip(&self.words[from..=to])
            .all(|(index, word)| word.get() & mask(ports, index) == 0)
    }

    /// Allows nothing.
    pub fn forbid_all(&self) {
        let (first, end) = self.touched.replace((WORDS, 0));
        for word in self.words.iter().take(end).skip(first) {
            word.set(u64::MAX);
        }
    }
}

/// The bits of word `index` that stand for one of the ports; the word has some.
fn mask(ports: Ports, index: usize) -> u64 {
    let base = 64 * index;
    let first = usize::from(ports.first).saturating_sub(base);
    let last = (usize::from(ports.last) - base).min(63);
    (u64::MAX << first) & (u64::MAX >> (63 - last))
}
