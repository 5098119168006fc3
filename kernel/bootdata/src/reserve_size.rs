//! How much memory the kernel keeps for itself.

const MIB: u64 = 1 << 20;

/// The reserve starts and ends at multiples of this: a large page.
pub const GRAIN: u64 = 2 * MIB;

/// Bytes of the reserve per CPU; more than a CPU's block needs.
pub const PER_CPU: u64 = 64 << 10;

/// Smallest reserve that is tried when nothing else fits.
pub const SMALLEST: u64 = 4 * MIB;

/// Sizes to try, in bytes, best first: what the command line asks for and nothing else; or one sixteenth of the usable memory,
/// between 16 and 512 MiB, plus 64 KiB per CPU, at most half of the memory, then ever smaller.
pub fn candidates(usable: u64, cpus: usize, asked_mib: Option<u32>) -> impl Iterator<Item = u64> {
    let (first, last) = match asked_mib {
        Some(mib) => {
            let size = (u64::from(mib) * MIB).next_multiple_of(GRAIN);
            (size, size)
        }
        None => {
            let wanted = (usable / 16).clamp(16 * MIB, 512 * MIB) + cpus as u64 * PER_CPU;
            let size = wanted.min(usable / 2).max(SMALLEST);
            (size.next_multiple_of(GRAIN), SMALLEST)
        }
    };
    core::iter::successors(Some(first), move |size| {
        let next = (size / 2).next_multiple_of(GRAIN);
        (next >= last && next < *size).then_some(next)
    })
}

#[cfg(test)]
mod tests {
    use super::{GRAIN, MIB, SMALLEST, candidates};

    #[test]
    fn grows_with_memory_and_cpus() {
        assert_eq!(candidates(128 * MIB, 1, None).next(), Some(18 * MIB));
        assert_eq!(candidates(512 * MIB, 64, None).next(), Some(36 * MIB));
        assert_eq!(candidates(1 << 40, 288, None).next(), Some(530 * MIB));
        assert_eq!(candidates(32 * MIB, 1, None).next(), Some(16 * MIB));
    }

    #[test]
    fn shrinks_to_the_smallest_and_ends() {
        for usable in [0, 1, 3 * MIB, 8 * MIB, 128 * MIB, u64::MAX / 2] {
            let mut last = u64::MAX;
            let mut count = 0;
            for size in candidates(usable, 4, None) {
                assert!(size < last && size >= SMALLEST && size.is_multiple_of(GRAIN));
                last = size;
                count += 1;
            }
            assert!(last == SMALLEST && count < 16);
        }
    }

    #[test]
    fn what_is_asked_is_all_that_is_tried() {
        assert!(candidates(128 * MIB, 4, Some(31)).eq([32 * MIB]));
        assert!(candidates(128 * MIB, 4, Some(u32::MAX)).eq([u64::from(u32::MAX) * MIB + MIB]));
    }
}
