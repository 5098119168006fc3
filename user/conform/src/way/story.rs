//! What can be seen of a situation.

/// Words in the order in which they were seen.
pub(super) struct Story {
    words: [u64; Self::ROOM],
    length: usize,
}

impl Story {
    const ROOM: usize = 512;

    pub(super) const fn new() -> Self {
        Self {
            words: [0; Self::ROOM],
            length: 0,
        }
    }

    pub(super) fn add(&mut self, word: u64) {
        if let Some(place) = self.words.get_mut(self.length) {
            *place = word;
            self.length += 1;
        }
    }

    /// The first word that differs.
    pub(super) fn differs_from(&self, other: &Self) -> Option<(usize, u64, u64)> {
        let mut pairs = self.words.iter().zip(&other.words).enumerate();
        pairs
            .find(|(_, (one, two))| one != two)
            .map(|(place, (one, two))| (place, *one, *two))
    }
}
