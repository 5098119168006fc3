//! An entry of a page table.

/// An entry: bits 0-8 and 63 as below, bits 12-51 the physical address of a table or page.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[repr(transparent)]
pub struct Entry(pub u64);

impl Entry {
    /// Nothing is mapped.
    pub const ABSENT: Self = Self(0);
    /// The entry is in use.
    pub const PRESENT: Self = Self(1 << 0);
    /// May be written.
    pub const WRITE: Self = Self(1 << 1);
    /// May be accessed by user programs.
    pub const USER: Self = Self(1 << 2);
    /// Writes go through the cache to memory.
    pub const PWT: Self = Self(1 << 3);
    /// Not cached.
    pub const PCD: Self = Self(1 << 4);
    /// Was accessed; set by the processor.
    pub const ACCESSED: Self = Self(1 << 5);
    /// Was written; set by the processor.
    pub const DIRTY: Self = Self(1 << 6);
    /// A large page, not a table.
    pub const HUGE: Self = Self(1 << 7);
    /// Of a 4-KiB page, which is never large: chooses from the second half of the page attribute table.
    pub const PAT: Self = Self(1 << 7);
    /// As [`Self::PAT`], of a large page: the lowest bit below its address.
    pub const LARGE_PAT: Self = Self(1 << 12);
    /// The TLB keeps the mapping when the address space is switched.
    pub const GLOBAL: Self = Self(1 << 8);
    /// May not be executed.
    pub const NX: Self = Self(1 << 63);

    /// The bits that hold a physical address.
    pub const ADDRESS_MASK: u64 = 0x000F_FFFF_FFFF_F000;

    /// Both sets of bits.
    #[inline]
    pub const fn with(self, bits: Self) -> Self {
        Self(self.0 | bits.0)
    }

    /// Without the given bits.
    #[inline]
    pub const fn without(self, bits: Self) -> Self {
        Self(self.0 & !bits.0)
    }

    /// Are all the given bits set?
    #[inline]
    pub const fn contains(self, bits: Self) -> bool {
        self.0 & bits.0 == bits.0
    }

    /// Is the entry in use?
    #[inline]
    pub const fn is_present(self) -> bool {
        self.contains(Self::PRESENT)
    }

    /// The physical address, as of a table or a 4-KiB page.
    #[inline]
    pub const fn address(self) -> u64 {
        self.0 & Self::ADDRESS_MASK
    }

    /// The entry without its address.
    #[inline]
    pub const fn flags(self) -> Self {
        Self(self.0 & !Self::ADDRESS_MASK)
    }

    /// Does this entry, found in a table of `level`, map a page?
    #[inline]
    pub(super) const fn is_leaf(self, level: u32) -> bool {
        self.is_present() && (level == 1 || self.contains(Self::HUGE))
    }
}
