//! Random numbers that only depend on a seed: SplitMix64, a counter behind a mixing function.
//!
//! It is small, has no bad seeds, and lets any element of a sequence be computed by itself.

/// The step of the counter: 2^64 divided by the golden ratio, odd.
const STEP: u64 = 0x9E37_79B9_7F4A_7C15;

/// Spreads the bits of `value` over the whole word; different values give different results.
#[inline]
#[must_use]
pub const fn mix(value: u64) -> u64 {
    let value = (value ^ value >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let value = (value ^ value >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    value ^ value >> 31
}

/// Element `index` of the sequence that begins at `start`.
#[inline]
#[must_use]
pub const fn element(start: u64, index: u64) -> u64 {
    mix(start.wrapping_add(STEP.wrapping_mul(index.wrapping_add(1))))
}

/// A sequence of random numbers.
#[derive(Clone, Debug)]
pub struct Random {
    start: u64,
    next: u64,
}

impl Random {
    /// A sequence for each seed and stream number.
    #[must_use]
    pub const fn new(seed: u64, stream: u64) -> Self {
        Self {
            start: element(mix(seed), stream),
            next: 0,
        }
    }

    /// The next number, any 64 bits.
    #[inline]
    pub const fn draw(&mut self) -> u64 {
        self.next += 1;
        element(self.start, self.next)
    }

    /// The next number below `limit`, which is not 0.
    #[inline]
    pub const fn below(&mut self, limit: u64) -> u64 {
        ((self.draw() as u128 * limit as u128) >> 64) as u64
    }

    /// The next number from `low` to `high`.
    #[inline]
    pub const fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high - low + 1)
    }

    /// True in `percent` of 100 cases.
    #[inline]
    pub const fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

#[cfg(test)]
mod tests {
    use super::{Random, element};

    #[test]
    fn known_values() {
        // The published first outputs of SplitMix64 for seed 0.
        assert_eq!(element(0, 0), 0xE220_A839_7B1D_CDAF);
        assert_eq!(element(0, 1), 0x6E78_9E6A_A1B9_65F4);
    }

    #[test]
    fn streams_differ_and_repeat() {
        let draw = |seed, stream| {
            let mut random = Random::new(seed, stream);
            [random.draw(), random.draw(), random.draw()]
        };
        assert_eq!(draw(1, 2), draw(1, 2));
        assert_ne!(draw(1, 2), draw(1, 3));
        assert_ne!(draw(1, 2), draw(2, 2));
    }

    #[test]
    fn ranges_are_kept_and_filled() {
        let mut random = Random::new(7, 0);
        let mut seen = [0; 5];
        for _ in 0..1000 {
            seen[random.between(3, 7) as usize - 3] += 1;
        }
        assert!(seen.iter().all(|count| *count > 100));
        let hits = (0..10_000).filter(|_| random.chance(20)).count();
        assert!((1700..2300).contains(&hits), "{hits}");
    }
}
