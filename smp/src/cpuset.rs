//! Names of CPUs, and sets of them.

use core::fmt;

/// The number of a CPU: its index in boot order, dense from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cpu(pub u16);

impl Cpu {
    /// The number as an index into per-CPU tables.
    #[inline]
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

impl fmt::Display for Cpu {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "cpu{}", self.0)
    }
}

const BITS: usize = u64::BITS as usize;

/// A set of the CPUs 0 to 64 × `WORDS` - 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CpuSet<const WORDS: usize> {
    words: [u64; WORDS],
}

impl<const WORDS: usize> Default for CpuSet<WORDS> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const WORDS: usize> CpuSet<WORDS> {
    /// The number of CPUs that fit.
    pub const CAPACITY: usize = WORDS * BITS;

    /// The empty set.
    #[must_use]
    pub const fn new() -> Self {
        Self { words: [0; WORDS] }
    }

    /// Adds `cpu`; false if it was there, or if its number does not fit.
    pub fn insert(&mut self, cpu: Cpu) -> bool {
        let Some(word) = self.words.get_mut(cpu.index() / BITS) else {
            return false;
        };
        let bit = 1 << (cpu.index() % BITS);
        let fresh = *word & bit == 0;
        *word |= bit;
        fresh
    }

    /// Removes `cpu`; false if it was not there.
    pub fn remove(&mut self, cpu: Cpu) -> bool {
        let found = self.contains(cpu);
        if let Some(word) = self.words.get_mut(cpu.index() / BITS) {
            *word &= !(1 << (cpu.index() % BITS));
        }
        found
    }

    /// Whether `cpu` is in the set.
    #[inline]
    #[must_use]
    pub fn contains(&self, cpu: Cpu) -> bool {
        self.words
            .get(cpu.index() / BITS)
            .is_some_and(|word| word >> (cpu.index() % BITS) & 1 != 0)
    }

    /// How many CPUs are in the set.
    #[must_use]
    pub fn len(&self) -> usize {
        self.words
            .iter()
            .map(|word| word.count_ones() as usize)
            .sum()
    }

    /// Whether no CPU is in the set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.words.iter().all(|word| *word == 0)
    }

    /// The CPUs of the set, in the order of their numbers.
    pub fn iter(&self) -> impl Iterator<Item = Cpu> + '_ {
        self.words.iter().enumerate().flat_map(|(index, word)| {
            let mut rest = *word;
            core::iter::from_fn(move || {
                if rest == 0 {
                    return None;
                }
                let bit = rest.trailing_zeros() as usize;
                rest &= rest - 1;
                u16::try_from(index * BITS + bit).ok().map(Cpu)
            })
        })
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::{Cpu, CpuSet};

    #[test]
    fn members_come_back_in_order() {
        let mut set = CpuSet::<2>::new();
        for number in [100, 3, 63, 64, 0] {
            assert!(set.insert(Cpu(number)));
        }
        assert!(!set.insert(Cpu(64)), "was there");
        assert!(!set.insert(Cpu(128)), "does not fit");
        assert!(set.remove(Cpu(3)));
        assert!(!set.remove(Cpu(3)));
        assert_eq!(set.len(), 4);
        assert!(set.iter().eq([0, 63, 64, 100].map(Cpu)));
        assert!(!set.contains(Cpu(128)));
    }
}
