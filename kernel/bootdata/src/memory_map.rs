//! The firmware's memory map.

use crate::regions::{Region, RegionSet};
use arrayvec::ArrayVec;

/// Most entries of a memory map that are used; later ones are counted and left out.
pub const MAX_ENTRIES: usize = 128;

/// Room for the pieces that cutting holes into the usable memory leaves.
pub const MAX_REGIONS: usize = 2 * MAX_ENTRIES;

/// A set of memory regions as the boot code uses it.
pub type Memory = RegionSet<MAX_REGIONS>;

/// What the firmware says of a range, numbered as the BIOS does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The bytes.
    pub region: Region,
    /// 1 usable, 2 reserved, 3 ACPI tables, 4 ACPI non-volatile, 5 bad; others are reserved too.
    pub kind: u32,
}

/// Usable memory.
pub const USABLE: u32 = 1;

/// The memory map in the order of the firmware.
#[derive(Clone, Debug, Default)]
pub struct MemoryMap {
    entries: ArrayVec<Entry, MAX_ENTRIES>,
    left_out: usize,
}

impl MemoryMap {
    /// An empty map.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            entries: ArrayVec::new_const(),
            left_out: 0,
        }
    }

    /// Adds what the firmware says of `size` bytes at `start`. Empty entries are dropped.
    pub fn push(&mut self, start: u64, size: u64, kind: u32) {
        let region = Region::sized(start, size);
        if region.is_empty() {
            return;
        }
        if self.entries.try_push(Entry { region, kind }).is_err() {
            self.left_out += 1;
        }
    }

    /// The entries in the order of the firmware.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// How many entries found no place.
    #[must_use]
    pub const fn left_out(&self) -> usize {
        self.left_out
    }

    /// Memory that is usable and that no other entry claims, in whole pages.
    #[must_use]
    pub fn usable(&self) -> Memory {
        let mut memory = Memory::new();
        for entry in self.entries.iter().filter(|entry| entry.kind == USABLE) {
            memory.add(entry.region.inward(4096));
        }
        for entry in self.entries.iter().filter(|entry| entry.kind != USABLE) {
            memory.remove(entry.region.outward(4096));
        }
        memory
    }
}

#[cfg(test)]
mod tests {
    use super::{MAX_ENTRIES, MemoryMap};
    use crate::regions::Region;

    #[test]
    fn other_claims_win_over_usable() {
        let mut map = MemoryMap::new();
        map.push(0x8000, 0x1000, 2);
        map.push(0, 0x9_fc00, 1);
        map.push(0x10_0000, 0x100_0000, 1);
        map.push(0x20_0800, 0x10, 3);
        let usable = map.usable();
        assert!(usable.contains(Region::new(0, 0x8000)));
        assert!(!usable.contains(Region::new(0x8000, 0x8001)));
        assert!(usable.contains(Region::new(0x9000, 0x9_f000)));
        assert!(!usable.contains(Region::new(0x9_f000, 0x9_f001)));
        assert!(!usable.contains(Region::new(0x20_0000, 0x20_0001)));
        assert!(usable.contains(Region::new(0x20_1000, 0x110_0000)));
    }

    #[test]
    fn garbage_is_survived() {
        let mut map = MemoryMap::new();
        for i in 0..400u64 {
            map.push(
                i.wrapping_mul(0x9e37_79b9_7f4a_7c15),
                i << (i % 64),
                (i % 7) as u32,
            );
        }
        assert_eq!(map.entries().len(), MAX_ENTRIES);
        assert!(map.left_out() > 0);
        let _ = map.usable();
    }
}
