//! Sets of physical address ranges.

use arrayvec::ArrayVec;

/// Bytes `start..end` of physical memory. Empty when `end <= start`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Region {
    /// First byte.
    pub start: u64,
    /// First byte after the region.
    pub end: u64,
}

impl Region {
    /// The region `start..end`.
    #[must_use]
    pub const fn new(start: u64, end: u64) -> Self {
        Self { start, end }
    }

    /// `size` bytes from `start`; cut off at the end of the address range.
    #[must_use]
    pub const fn sized(start: u64, size: u64) -> Self {
        Self {
            start,
            end: start.saturating_add(size),
        }
    }

    /// Number of bytes.
    #[must_use]
    pub const fn size(self) -> u64 {
        self.end.saturating_sub(self.start)
    }

    /// No byte at all?
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.end <= self.start
    }

    /// Do both regions have a byte in common?
    #[must_use]
    pub const fn overlaps(self, other: Self) -> bool {
        !self.is_empty() && !other.is_empty() && self.start < other.end && other.start < self.end
    }

    /// Is all of `other` inside?
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.start <= other.start && other.end <= self.end
    }

    /// The region grown to multiples of `align` (a power of two) on both sides.
    #[must_use]
    pub const fn outward(self, align: u64) -> Self {
        let mask = align - 1;
        Self {
            start: self.start & !mask,
            end: self.end.saturating_add(mask) & !mask,
        }
    }

    /// The region shrunk to multiples of `align` (a power of two) on both sides.
    #[must_use]
    pub const fn inward(self, align: u64) -> Self {
        let mask = align - 1;
        Self {
            start: self.start.saturating_add(mask) & !mask,
            end: self.end & !mask,
        }
    }
}

/// At most `N` regions, sorted, neither overlapping nor touching.
///
/// When a set is full, what does not fit is left out: a set of free memory only ever gets smaller by that.
#[derive(Clone, Debug, Default)]
pub struct RegionSet<const N: usize> {
    list: ArrayVec<Region, N>,
}

impl<const N: usize> RegionSet<N> {
    /// The empty set.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            list: ArrayVec::new_const(),
        }
    }

    /// The regions in ascending order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = Region> + '_ {
        self.list.iter().copied()
    }

    /// Number of bytes of all regions together.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.iter()
            .fold(0, |sum, region| sum.saturating_add(region.size()))
    }

    /// Adds a region; what overlaps or touches becomes one.
    pub fn add(&mut self, region: Region) {
        if region.is_empty() {
            return;
        }
        let mut whole = region;
        self.list.retain(|old| {
            let joins = old.start <= whole.end && whole.start <= old.end;
            if joins {
                whole = Region::new(whole.start.min(old.start), whole.end.max(old.end));
            }
            !joins
        });
        let place = self
            .list
            .iter()
            .position(|old| old.start > whole.start)
            .unwrap_or(self.list.len());
        let _ = self.list.try_insert(place, whole);
    }

    /// Takes a region out; a region that it cuts in two stays as two.
    pub fn remove(&mut self, region: Region) {
        if region.is_empty() {
            return;
        }
        let mut place = 0;
        while place < self.list.len() {
            let old = self.list[place];
            if !old.overlaps(region) {
                place += 1;
                continue;
            }
            let below = Region::new(old.start, region.start);
            let above = Region::new(region.end, old.end);
            let _ = self.list.remove(place);
            for part in [below, above] {
                if !part.is_empty() && self.list.try_insert(place, part).is_ok() {
                    place += 1;
                }
            }
        }
    }

    /// Is all of `region` in the set? True for an empty region.
    #[must_use]
    pub fn contains(&self, region: Region) -> bool {
        region.is_empty() || self.iter().any(|own| own.contains(region))
    }

    /// Is any byte of `region` in the set?
    #[must_use]
    pub fn overlaps(&self, region: Region) -> bool {
        self.iter().any(|own| own.overlaps(region))
    }

    /// The highest `size` bytes of the set, aligned to `align` (a power of two), that end at or below `limit`.
    #[must_use]
    pub fn highest(&self, size: u64, align: u64, limit: u64) -> Option<Region> {
        self.iter().rev().find_map(|own| {
            let start = own.end.min(limit).checked_sub(size)? & !(align - 1);
            (start >= own.start && size > 0).then(|| Region::sized(start, size))
        })
    }

    /// Size of the largest region inside `align`ed bounds that ends at or below `limit`.
    #[must_use]
    pub fn largest(&self, align: u64, limit: u64) -> u64 {
        self.iter()
            .map(|own| {
                Region::new(own.start, own.end.min(limit))
                    .inward(align)
                    .size()
            })
            .max()
            .unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::{Region, RegionSet};
    use std::vec::Vec;

    fn list(set: &RegionSet<8>) -> Vec<(u64, u64)> {
        set.iter().map(|r| (r.start, r.end)).collect()
    }

    fn set(regions: &[(u64, u64)]) -> RegionSet<8> {
        let mut set = RegionSet::new();
        regions
            .iter()
            .for_each(|&(start, end)| set.add(Region::new(start, end)));
        set
    }

    #[test]
    fn adding_joins_what_touches() {
        assert_eq!(list(&set(&[(10, 20), (30, 40)])), [(10, 20), (30, 40)]);
        assert_eq!(list(&set(&[(30, 40), (10, 20), (20, 30)])), [(10, 40)]);
        assert_eq!(
            list(&set(&[(10, 40), (20, 30), (5, 5), (9, 3)])),
            [(10, 40)]
        );
    }

    #[test]
    fn removing_splits_and_trims() {
        let mut s = set(&[(10, 40), (50, 60), (70, 80)]);
        s.remove(Region::new(20, 30));
        assert_eq!(list(&s), [(10, 20), (30, 40), (50, 60), (70, 80)]);
        s.remove(Region::new(35, 75));
        assert_eq!(list(&s), [(10, 20), (30, 35), (75, 80)]);
        s.remove(Region::new(0, u64::MAX));
        assert_eq!(list(&s), []);
    }

    #[test]
    fn every_byte_agrees_with_a_plain_array() {
        let mut model = [false; 64];
        let mut s = RegionSet::<64>::new();
        let mut seed = 7u64;
        for _ in 0..20_000 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let (a, b, add) = ((seed >> 20) % 64, (seed >> 40) % 64, seed >> 63 == 1);
            let region = Region::new(a, b);
            if add {
                s.add(region)
            } else {
                s.remove(region)
            }
            (a..b).for_each(|i| model[i as usize] = add);
            for (i, is_in) in model.iter().enumerate() {
                assert_eq!(s.contains(Region::sized(i as u64, 1)), *is_in);
            }
            assert!(s.list.windows(2).all(|w| w[0].end < w[1].start));
        }
    }

    #[test]
    fn highest_respects_alignment_and_limit() {
        let s = set(&[(0x1000, 0x9000), (0x10000, 0x20000)]);
        assert_eq!(
            s.highest(0x2000, 0x1000, u64::MAX),
            Some(Region::new(0x1e000, 0x20000))
        );
        assert_eq!(
            s.highest(0x2000, 0x4000, 0x11000),
            Some(Region::new(0x4000, 0x6000))
        );
        assert_eq!(s.highest(0x20000, 1, u64::MAX), None);
        assert_eq!(s.highest(0x1000, 0x1000, 0x1000), None);
        assert_eq!(s.largest(0x8000, u64::MAX), 0x10000);
        assert_eq!(s.largest(0x1000, 0x9000), 0x8000);
        assert!(
            s.overlaps(Region::new(0x8fff, 0xa000)) && !s.overlaps(Region::new(0x9000, 0x10000))
        );
    }

    #[test]
    fn a_full_set_leaves_out() {
        let mut s = RegionSet::<2>::new();
        [(0, 1), (2, 3), (4, 5)]
            .iter()
            .for_each(|&(a, b)| s.add(Region::new(a, b)));
        assert_eq!(s.size(), 2);
        s.add(Region::new(2, 13));
        s.remove(Region::new(5, 6));
        assert!(s.size() <= 11);
    }

    #[test]
    fn rounding_does_not_overflow() {
        assert_eq!(Region::sized(u64::MAX - 10, 100).end, u64::MAX);
        assert!(Region::new(u64::MAX - 10, u64::MAX).inward(4096).is_empty());
        assert_eq!(Region::new(1, 4097).outward(4096), Region::new(0, 8192));
    }
}
