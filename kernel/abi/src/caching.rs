//! Caching attributes of memory (L4 X.2, MemoryControl on IA-32 and AMD64).

/// A way of caching.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[repr(u64)]
pub enum Caching {
    /// Not at all; accesses are neither put together nor put off.
    Uncacheable = 1,
    /// Not at all, but writes may be put together.
    WriteCombining = 2,
    /// Writes go through to memory.
    WriteThrough = 5,
    /// Reads are cached; writes go to memory and drop what caches hold.
    WriteProtected = 6,
    /// Writes stay in the cache: the default.
    WriteBack = 7,
}

/// The attribute that means the default, which is [`Caching::WriteBack`].
pub const DEFAULT: u64 = 0;

impl Caching {
    /// All ways, by the number of their attribute.
    pub const ALL: [Self; 5] = [
        Self::Uncacheable,
        Self::WriteCombining,
        Self::WriteThrough,
        Self::WriteProtected,
        Self::WriteBack,
    ];

    /// The attribute word.
    #[inline]
    pub const fn attribute(self) -> u64 {
        self as u64
    }

    /// What an attribute word means; `None` if there is no such attribute.
    #[inline]
    pub const fn from_attribute(attribute: u64) -> Option<Self> {
        Some(match attribute {
            1 => Self::Uncacheable,
            2 => Self::WriteCombining,
            5 => Self::WriteThrough,
            6 => Self::WriteProtected,
            DEFAULT | 7 => Self::WriteBack,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_have_their_numbers() {
        for caching in Caching::ALL {
            assert_eq!(Caching::from_attribute(caching.attribute()), Some(caching));
        }
        assert_eq!(Caching::from_attribute(DEFAULT), Some(Caching::WriteBack));
        let known = (0..1000).filter(|word| Caching::from_attribute(*word).is_some());
        assert!(known.eq([0, 1, 2, 5, 6, 7]));
        for word in [u64::MAX, 1 << 32, 1 << 63 | 1] {
            assert_eq!(Caching::from_attribute(word), None);
        }
    }
}
