//! Where strings and buffers lie: in pieces, at any addresses of a worker's area, with gaps between them.

use crate::random::Random;
use crate::strings::MOST_STRINGS;

/// Bytes of an area.
pub const AREA: usize = 32 << 10;
/// Most pieces of one string or buffer.
pub const MOST_PIECES: usize = 3;

/// Bytes before the first piece are fewer.
const LEAD: u64 = 3000;
/// Bytes before any other piece are fewer.
const GAP: u64 = 500;

/// A piece: where it begins in the area, and its length.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Piece {
    /// Offset in the area.
    pub begin: usize,
    /// Bytes.
    pub length: usize,
}

/// A string or buffer in pieces.
#[derive(Clone, Copy, Debug, Default)]
pub struct Place {
    pieces: [Piece; MOST_PIECES],
    count: usize,
}

impl Place {
    /// The pieces in the order of their bytes; at least one.
    #[must_use]
    pub fn pieces(&self) -> &[Piece] {
        &self.pieces[..self.count]
    }
}

/// All strings of a message, or all buffers of a receiver.
#[derive(Clone, Copy, Debug, Default)]
pub struct Places {
    places: [Place; MOST_STRINGS],
    sizes: [usize; MOST_STRINGS],
    count: usize,
}

impl Places {
    /// Nothing.
    pub const NONE: Self = Self {
        places: [Place {
            pieces: [Piece {
                begin: 0,
                length: 0,
            }; MOST_PIECES],
            count: 0,
        }; MOST_STRINGS],
        sizes: [0; MOST_STRINGS],
        count: 0,
    };

    /// Finds places for strings of these sizes, at most [`MOST_STRINGS`] of at most [`LONGEST`] bytes.
    ///
    /// [`LONGEST`]: crate::strings::LONGEST
    #[must_use]
    pub fn draw(random: &mut Random, sizes: &[usize]) -> Self {
        let mut places = Self::NONE;
        let mut next = random.below(LEAD) as usize;
        for (index, size) in sizes.iter().enumerate() {
            places.sizes[index] = *size;
            places.places[index] = place(random, &mut next, *size);
        }
        places.count = sizes.len();
        places
    }

    /// Each string's place.
    #[must_use]
    pub fn as_slice(&self) -> &[Place] {
        &self.places[..self.count]
    }

    /// Each string's bytes.
    #[must_use]
    pub fn sizes(&self) -> &[usize] {
        &self.sizes[..self.count]
    }
}

/// A place for one string from `next` on, which then is the first byte behind it.
fn place(random: &mut Random, next: &mut usize, size: usize) -> Place {
    let count = (1 + random.below(MOST_PIECES as u64) as usize).min(size.max(1));
    let mut place = Place {
        count,
        ..Place::default()
    };
    let mut left = size;
    for index in 0..count {
        let others = count - index - 1;
        let length = match others {
            0 => left,
            _ => 1 + random.below((left - others) as u64) as usize,
        };
        *next += random.below(GAP) as usize;
        place.pieces[index] = Piece {
            begin: *next,
            length,
        };
        *next += length;
        left -= length;
    }
    if random.chance(30) {
        place.pieces[..count].reverse();
    }
    place
}

#[cfg(test)]
mod tests {
    use super::{AREA, Piece, Places};
    use crate::random::Random;
    use crate::strings::LONGEST;

    #[test]
    fn pieces_are_apart_and_inside_and_all_there() {
        let mut random = Random::new(1, 2);
        for sizes in [&[][..], &[0], &[1, 2, 3], &[LONGEST; 3], &[5000, 0, 64]] {
            for _ in 0..500 {
                let places = Places::draw(&mut random, sizes);
                assert_eq!(places.sizes(), sizes);
                let mut all: Vec<Piece> = Vec::new();
                for (place, size) in places.as_slice().iter().zip(sizes) {
                    let bytes: usize = place.pieces().iter().map(|piece| piece.length).sum();
                    assert_eq!(bytes, *size);
                    assert!(!place.pieces().is_empty());
                    all.extend(place.pieces());
                }
                all.sort_by_key(|piece| piece.begin);
                assert!(all.is_sorted_by(|one, next| one.begin + one.length <= next.begin));
                assert!(all.iter().all(|piece| piece.begin + piece.length <= AREA));
            }
        }
    }
}
