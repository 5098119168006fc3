//! What a message looks like. Everything but its number follows from who sends it to whom, so the receiver knows each
//! word that must arrive.
//!
//! The label carries the sender (8 bits), the kind (2), the number in the sequence from this sender to this receiver
//! (26) and a checksum of all of it, the length and the words (12). So even a message without words can be told from
//! every other. Length and words are random, from the seed of the run.

use crate::random::{element, mix};
use crate::strings::Lengths;
use crate::wrong::What;

/// Most words behind the tag of a message with strings, which need some, too.
const FEW_WORDS: usize = 12;
/// Most words behind the tag.
pub const MOST_WORDS: usize = 63;
/// Numbers are below this.
pub const NUMBERS: u64 = 1 << 26;

const CHECK_BITS: u32 = 12;

/// What all messages of a run have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// The seed of the run.
    pub seed: u64,
    /// Whether some have strings.
    pub long: bool,
}

/// What the receiver is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Nothing.
    Notice,
    /// Answer it.
    Request,
    /// Nothing: it is an answer.
    Answer,
}

/// A message by its coordinates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Letter {
    /// The worker that sends it, below 256.
    pub sender: usize,
    /// The worker that it is for, below 256.
    pub receiver: usize,
    /// What it is.
    pub kind: Kind,
    /// Its number in the sequence from sender to receiver, below [`NUMBERS`].
    pub number: u64,
}

/// The words of a message.
pub struct Words {
    words: [u64; MOST_WORDS],
    length: usize,
}

impl Words {
    /// The words in use.
    #[must_use]
    pub fn as_slice(&self) -> &[u64] {
        &self.words[..self.length]
    }
}

impl Letter {
    /// The label to send it with, and its words.
    #[must_use]
    pub fn write(self, style: Style) -> (u64, Words) {
        let start = self.start(style);
        let length = length(start);
        let has_strings = !self.strings(style).is_empty();
        let mut words = Words {
            words: [0; MOST_WORDS],
            length: if has_strings {
                length.min(FEW_WORDS)
            } else {
                length
            },
        };
        for (index, word) in words.words[..words.length].iter_mut().enumerate() {
            *word = element(start, index as u64);
        }
        let label = self.head() << CHECK_BITS | self.check(words.as_slice());
        (label, words)
    }

    /// The lengths of its strings.
    #[must_use]
    pub fn strings(self, style: Style) -> Lengths {
        if style.long {
            Lengths::drawn(self.start(style))
        } else {
            Lengths::default()
        }
    }

    /// Reads what arrived at `receiver` and proves that it is exactly what was sent.
    ///
    /// # Errors
    /// What is wrong with it, with the index of the first wrong word or the length that arrived.
    pub fn read(
        style: Style,
        receiver: usize,
        label: u64,
        words: &[u64],
    ) -> Result<Self, (What, u64)> {
        let head = label >> CHECK_BITS;
        let kind = match head >> 26 & 3 {
            0 => Kind::Notice,
            1 => Kind::Request,
            2 => Kind::Answer,
            _ => return Err((What::UnknownLabel, label)),
        };
        let letter = Self {
            sender: (head >> 28) as usize,
            receiver,
            kind,
            number: head & (NUMBERS - 1),
        };
        if letter.check(words) != label & ((1 << CHECK_BITS) - 1) {
            return Err((What::Checksum, label));
        }
        let (_, expected) = letter.write(style);
        if expected.length != words.len() {
            return Err((What::Length, words.len() as u64));
        }
        let differs = |(sent, came): (&u64, &u64)| sent != came;
        match expected.as_slice().iter().zip(words).position(differs) {
            Some(index) => Err((What::Altered, index as u64)),
            None => Ok(letter),
        }
    }

    /// All of the label but the checksum.
    const fn head(self) -> u64 {
        (self.sender as u64) << 28 | (self.kind as u64) << 26 | self.number
    }

    /// Where the random sequence of its words and strings begins.
    #[must_use]
    pub const fn start(self, style: Style) -> u64 {
        mix(mix(style.seed) ^ mix((self.receiver as u64) << 56 | self.head()))
    }

    fn check(self, words: &[u64]) -> u64 {
        let start = mix((self.receiver as u64) << 48 | self.head()) ^ words.len() as u64;
        let sum = words.iter().fold(start, |sum, word| mix(sum ^ word));
        mix(sum) >> (64 - CHECK_BITS)
    }
}

/// Short messages are as frequent as long ones, because the kernel moves them in another way.
const fn length(start: u64) -> usize {
    let random = mix(start ^ 0x6C65_6E67_7468);
    let limit = if random & 1 == 0 {
        9
    } else {
        MOST_WORDS as u64 + 1
    };
    ((random >> 8) % limit) as usize
}

#[cfg(test)]
mod tests {
    use super::{FEW_WORDS, Kind, Letter, MOST_WORDS, Style};
    use crate::wrong::What;

    const SEED: Style = Style {
        seed: 42,
        long: false,
    };

    fn letter(number: u64) -> Letter {
        Letter {
            sender: 3,
            receiver: 60,
            kind: Kind::Request,
            number,
        }
    }

    #[test]
    fn what_is_written_is_read() {
        let mut lengths = [0; MOST_WORDS + 1];
        for number in 1..4000 {
            let (label, words) = letter(number).write(SEED);
            assert!(label < 1 << 48);
            assert_eq!(
                Letter::read(SEED, 60, label, words.as_slice()),
                Ok(letter(number))
            );
            lengths[words.as_slice().len()] += 1;
        }
        assert!(lengths.iter().all(|count| *count > 0), "{lengths:?}");
    }

    #[test]
    fn some_have_strings_and_then_few_words() {
        let long = Style { long: true, ..SEED };
        let mut with_strings = 0;
        for number in 1..3000 {
            let (label, words) = letter(number).write(long);
            assert_eq!(
                Letter::read(long, 60, label, words.as_slice()),
                Ok(letter(number))
            );
            if !letter(number).strings(long).is_empty() {
                with_strings += 1;
                assert!(words.as_slice().len() <= FEW_WORDS);
            }
            assert!(letter(number).strings(SEED).is_empty());
        }
        assert!((800..1200).contains(&with_strings), "{with_strings}");
    }

    #[test]
    fn every_altered_word_is_noticed() {
        let number = (1..).find(|n| letter(*n).write(SEED).1.length == MOST_WORDS);
        let (label, words) = letter(number.expect("a long one")).write(SEED);
        for index in 0..MOST_WORDS {
            for bit in [0, 31, 63] {
                let mut came = words.words;
                came[index] ^= 1 << bit;
                assert!(Letter::read(SEED, 60, label, &came).is_err(), "{index}");
            }
        }
    }

    #[test]
    fn words_that_fool_the_checksum_are_noticed() {
        let number = (1..).find(|n| letter(*n).write(SEED).1.length == 1);
        let letter = letter(number.expect("a short one"));
        let (label, _) = letter.write(SEED);
        let forged = (0_u64..).find(|word| letter.check(&[*word]) == label & 0xFFF);
        let read = Letter::read(SEED, 60, label, &[forged.expect("one in 4096")]);
        assert_eq!(read, Err((What::Altered, 0)));
    }

    #[test]
    fn other_lengths_are_noticed() {
        for number in 1..200 {
            let (label, words) = letter(number).write(SEED);
            let cut = words.as_slice().len().saturating_sub(1);
            if cut < words.as_slice().len() {
                assert!(Letter::read(SEED, 60, label, &words.words[..cut]).is_err());
            }
            let longer = &words.words[..(words.as_slice().len() + 1).min(MOST_WORDS)];
            if longer.len() > words.as_slice().len() {
                assert!(Letter::read(SEED, 60, label, longer).is_err());
            }
        }
    }

    #[test]
    fn letters_of_others_are_noticed() {
        let (label, words) = letter(9).write(SEED);
        assert!(Letter::read(SEED, 61, label, words.as_slice()).is_err());
        assert!(
            Letter::read(Style { seed: 43, ..SEED }, 60, label, words.as_slice()).is_err()
                || words.length == 0
        );
        assert!(Letter::read(SEED, 60, label ^ 1 << 20, words.as_slice()).is_err());
    }
}
