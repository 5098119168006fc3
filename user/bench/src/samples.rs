//! Few numbers that stand for many.

/// Most samples that are printed for a row.
pub const PRINTED: usize = 40;

/// Picks at most [`PRINTED`] of `samples` by rank, evenly spaced and with the smallest and the largest, so that
/// their order statistics are those of all. Sorts `samples`; the picked ones are its first elements.
pub fn thin(samples: &mut [u64]) -> &[u64] {
    samples.sort_unstable();
    let count = samples.len();
    let kept = count.min(PRINTED);
    for index in 1..kept {
        // At least `index`, so nothing is overwritten before it was looked at.
        samples[index] = samples[index * (count - 1) / (kept - 1)];
    }
    &samples[..kept]
}

/// `ticks` of `rounds` round trips as ticks of one, rounded to the nearest.
#[must_use]
pub const fn one_of(ticks: u64, rounds: u64) -> u64 {
    (ticks + rounds / 2) / rounds
}

#[cfg(test)]
mod tests {
    use super::{PRINTED, one_of, thin};

    #[test]
    fn few_samples_are_all_kept() {
        assert_eq!(thin(&mut [3, 1, 2]), [1, 2, 3]);
        assert_eq!(thin(&mut [7]), [7]);
        assert!(thin(&mut []).is_empty());
    }

    #[test]
    fn ranks_are_those_of_all() {
        let mut samples: Vec<u64> = (0..2560).rev().collect();
        let kept = thin(&mut samples).to_vec();
        assert_eq!(kept.len(), PRINTED);
        assert_eq!((kept[0], kept[PRINTED - 1]), (0, 2559));
        for (rank, value) in kept.iter().enumerate() {
            let exact = rank as u64 * 2559 / 39;
            assert_eq!(*value, exact);
        }
    }

    #[test]
    fn one_round_is_rounded() {
        assert_eq!(one_of(64 * 300 + 31, 64), 300);
        assert_eq!(one_of(64 * 300 + 32, 64), 301);
        assert_eq!(one_of(5, 1), 5);
    }
}
