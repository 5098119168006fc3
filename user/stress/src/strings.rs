//! Strings of a message: how long they are, what they hold, and how much of them fits where.
//!
//! Their lengths and contents follow from the message's coordinates, as its words do; how they lie in the sender's and the
//! receiver's memory is the business of each.

use crate::random::{element, mix};

/// Most strings of a message, and most buffers for them.
pub const MOST_STRINGS: usize = 3;
/// Most bytes of a string.
pub const LONGEST: usize = 8000;
/// What stands in a buffer before anything came.
pub const BLANK: u8 = 0xA7;

/// The strings of a message by their lengths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lengths {
    bytes: [usize; MOST_STRINGS],
    count: usize,
}

impl Lengths {
    /// Those of the message whose random sequence begins at `start`: none in two of three messages.
    #[must_use]
    pub fn drawn(start: u64) -> Self {
        let random = mix(start ^ 0x73_7472_696E_6773);
        if !random.is_multiple_of(3) {
            return Self::default();
        }
        let count = 1 + (random >> 8) as usize % MOST_STRINGS;
        let mut bytes = [0; MOST_STRINGS];
        for (index, length) in bytes[..count].iter_mut().enumerate() {
            let random = element(random, index as u64);
            let limit = [64, 4200, LONGEST + 1][random as usize % 3];
            *length = (random >> 8) as usize % limit;
        }
        Self { bytes, count }
    }

    /// Of exactly these, at most [`MOST_STRINGS`].
    #[must_use]
    pub fn of(lengths: &[usize]) -> Self {
        let mut bytes = [0; MOST_STRINGS];
        bytes[..lengths.len()].copy_from_slice(lengths);
        Self {
            bytes,
            count: lengths.len(),
        }
    }

    /// The lengths in bytes.
    #[must_use]
    pub fn as_slice(&self) -> &[usize] {
        &self.bytes[..self.count]
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Bytes of all together.
    #[must_use]
    pub fn total(&self) -> usize {
        self.as_slice().iter().sum()
    }

    /// After how many bytes a message with these strings overflows buffers of these sizes; `None`: everything fits.
    #[must_use]
    pub fn overflow(&self, buffers: &[usize]) -> Option<usize> {
        let mut before = 0;
        for (index, length) in self.as_slice().iter().enumerate() {
            let room = buffers.get(index).copied().unwrap_or(0);
            if index >= buffers.len() || *length > room {
                return Some(before + room);
            }
            before += length;
        }
        None
    }
}

/// Eight bytes of string `number` of the message whose random sequence begins at `start`.
#[inline]
const fn word(start: u64, number: usize, index: usize) -> [u8; 8] {
    let word = (start ^ ((number as u64) << 32 | index as u64)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (word ^ word >> 29).to_le_bytes()
}

/// Cuts `length` bytes from byte `from` on at multiples of eight: where in its word each part begins, the word's number,
/// and the part's length.
fn parts(from: usize, length: usize) -> impl Iterator<Item = (usize, usize, usize)> {
    let mut done = 0;
    core::iter::from_fn(move || {
        let at = from + done;
        let part = (8 - at % 8).min(length - done);
        done += part;
        (part > 0).then_some((at % 8, at / 8, part))
    })
}

/// Writes bytes `from..from + out.len()` of string `number`.
pub fn write(start: u64, number: usize, from: usize, mut out: &mut [u8]) {
    for (skip, index, length) in parts(from, out.len()) {
        let (part, rest) = out.split_at_mut(length);
        part.copy_from_slice(&word(start, number, index)[skip..skip + length]);
        out = rest;
    }
}

/// The first of `bytes` that is not as in string `number` from byte `from` on.
#[must_use]
pub fn altered(start: u64, number: usize, from: usize, bytes: &[u8]) -> Option<usize> {
    let mut done = 0;
    for (skip, index, length) in parts(from, bytes.len()) {
        let (came, sent) = (&bytes[done..done + length], word(start, number, index));
        let sent = &sent[skip..skip + length];
        if came != sent {
            let differs = |(came, sent): (&u8, &u8)| came != sent;
            return came.iter().zip(sent).position(differs).map(|at| done + at);
        }
        done += length;
    }
    None
}

/// The first of `bytes` that something was written to.
#[must_use]
pub fn touched(bytes: &[u8]) -> Option<usize> {
    const BLANKS: [u8; 64] = [BLANK; 64];
    let (blocks, _) = bytes.as_chunks::<64>();
    let block = blocks.iter().position(|block| *block != BLANKS);
    let from = block.unwrap_or(blocks.len()) * 64;
    let place = bytes[from..].iter().position(|byte| *byte != BLANK);
    place.map(|place| from + place)
}

#[cfg(test)]
mod tests {
    use super::{BLANK, LONGEST, Lengths, altered, touched, write};

    #[test]
    fn lengths_of_all_kinds_are_drawn() {
        let all: Vec<_> = (0..3000).map(Lengths::drawn).collect();
        assert!(all.iter().any(Lengths::is_empty));
        let lengths = || all.iter().flat_map(Lengths::as_slice);
        assert!(lengths().any(|length| *length == 0));
        assert!(lengths().any(|length| *length > 4096));
        assert!(lengths().all(|length| *length <= LONGEST));
        assert!((1..=3).all(|count| all.iter().any(|one| one.as_slice().len() == count)));
    }

    #[test]
    fn what_fits_does_not_overflow() {
        let lengths = Lengths::of(&[10, 0, 30]);
        assert_eq!(lengths.overflow(&[10, 0, 30]), None);
        assert_eq!(lengths.overflow(&[99, 99, 99]), None);
        assert_eq!(Lengths::default().overflow(&[]), None);
    }

    #[test]
    fn the_first_string_that_does_not_fit_ends_it() {
        let lengths = Lengths::of(&[10, 0, 30]);
        for (buffers, offset) in [
            (&[][..], 0),
            (&[9], 9),
            (&[10], 10),
            (&[20], 10),
            (&[10, 5], 10),
            (&[10, 5, 29], 39),
            (&[0, 5, 29], 0),
        ] {
            assert_eq!(lengths.overflow(buffers), Some(offset), "{buffers:?}");
        }
    }

    #[test]
    fn what_is_written_in_pieces_is_whole() {
        let mut bytes = [BLANK; 100];
        write(7, 1, 0, &mut bytes[..33]);
        write(7, 1, 33, &mut bytes[33..90]);
        assert_eq!(altered(7, 1, 0, &bytes[..90]), None);
        assert_eq!(altered(7, 1, 40, &bytes[40..90]), None);
        assert_eq!(touched(&bytes[90..]), None);
        bytes[50] ^= 1;
        assert_eq!(altered(7, 1, 40, &bytes[40..90]), Some(10));
        bytes[95] = 0;
        assert_eq!(touched(&bytes[90..]), Some(5));
    }

    #[test]
    fn strings_differ() {
        let text = |start, number| {
            let mut bytes = [0; 64];
            write(start, number, 0, &mut bytes);
            bytes
        };
        assert_ne!(text(1, 0), text(1, 1));
        assert_ne!(text(1, 0), text(2, 0));
        assert_ne!(text(1, 0)[..32], text(1, 0)[32..]);
    }
}
