//! Information words of the kernel interface page.

/// Sizes of UTCBs: bits 0-9 multiplier m, bits 10-15 log2 alignment a, bits 16-21 log2 of the smallest area. A UTCB has
/// m * 2^a bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct UtcbInfo {
    /// Multiplier, 0-1023.
    pub multiplier: u32,
    /// log2 of the alignment of a UTCB.
    pub align_log2: u32,
    /// log2 of the smallest UTCB area.
    pub area_log2: u32,
}

impl UtcbInfo {
    /// UTCBs of 1024 bytes, areas of at least 4 KiB.
    pub const PECAN: Self = Self {
        multiplier: 1,
        align_log2: 10,
        area_log2: 12,
    };

    /// The word.
    #[inline]
    pub const fn raw(self) -> u64 {
        (self.area_log2 as u64 & 0x3F) << 16
            | (self.align_log2 as u64 & 0x3F) << 10
            | self.multiplier as u64 & 0x3FF
    }

    /// The meaning of a word.
    #[inline]
    pub const fn from_raw(raw: u64) -> Self {
        Self {
            multiplier: raw as u32 & 0x3FF,
            align_log2: (raw >> 10) as u32 & 0x3F,
            area_log2: (raw >> 16) as u32 & 0x3F,
        }
    }

    /// Size of a UTCB in bytes.
    #[inline]
    pub const fn utcb_size(self) -> u64 {
        (self.multiplier as u64) << self.align_log2
    }
}

/// Size of the area of the kernel interface page: bits 0-5 log2.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct KipAreaInfo {
    /// log2 of the size in bytes.
    pub log2: u32,
}

impl KipAreaInfo {
    /// The word.
    #[inline]
    pub const fn raw(self) -> u64 {
        self.log2 as u64 & 0x3F
    }

    /// The meaning of a word.
    #[inline]
    pub const fn from_raw(raw: u64) -> Self {
        Self {
            log2: raw as u32 & 0x3F,
        }
    }
}

/// Memory descriptors: bits 0-31 their number, bits 32-63 the offset of the array from the start of the page.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MemoryInfo {
    /// Offset of the array in bytes.
    pub offset: u32,
    /// Number of descriptors.
    pub count: u32,
}

impl MemoryInfo {
    /// The word.
    #[inline]
    pub const fn raw(self) -> u64 {
        (self.offset as u64) << 32 | self.count as u64
    }

    /// The meaning of a word.
    #[inline]
    pub const fn from_raw(raw: u64) -> Self {
        Self {
            offset: (raw >> 32) as u32,
            count: raw as u32,
        }
    }
}

/// Thread numbers: bits 0-7 number of significant bits, bits 8-19 first system thread, bits 20-31 first user thread.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ThreadInfo {
    /// Number of significant bits of a thread number.
    pub bits: u32,
    /// First number that is not an interrupt's, below 4096.
    pub system_base: u32,
    /// First number of a user thread, below 4096.
    pub user_base: u32,
}

impl ThreadInfo {
    /// The word.
    #[inline]
    pub const fn raw(self) -> u64 {
        (self.user_base as u64 & 0xFFF) << 20
            | (self.system_base as u64 & 0xFFF) << 8
            | self.bits as u64 & 0xFF
    }

    /// The meaning of a word.
    #[inline]
    pub const fn from_raw(raw: u64) -> Self {
        Self {
            bits: raw as u32 & 0xFF,
            system_base: (raw >> 8) as u32 & 0xFFF,
            user_base: (raw >> 20) as u32 & 0xFFF,
        }
    }
}

/// Pages of the hardware: bits 0-2 rights that can be controlled alone, bits 10-63 page sizes (bit k: 2^k bytes).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PageInfo {
    /// Bits of [`crate::fpage::Rights`].
    pub rights: u8,
    /// Bit k is set if there are pages of 2^k bytes; k >= 10.
    pub sizes: u64,
}

impl PageInfo {
    /// The word.
    #[inline]
    pub const fn raw(self) -> u64 {
        self.sizes & !0x3FF | self.rights as u64 & 7
    }

    /// The meaning of a word.
    #[inline]
    pub const fn from_raw(raw: u64) -> Self {
        Self {
            rights: raw as u8 & 7,
            sizes: raw & !0x3FF,
        }
    }
}

/// Processors: bits 0-15 their number - 1, bits 60-63 log2 of the size of a descriptor.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ProcessorInfo {
    /// Number of processors, 1-65536.
    pub count: u32,
    /// log2 of the size of a [`super::ProcessorDescriptor`] in bytes: 5.
    pub descriptor_log2: u32,
}

impl ProcessorInfo {
    /// The word.
    #[inline]
    pub const fn raw(self) -> u64 {
        (self.descriptor_log2 as u64) << 60 | self.count.wrapping_sub(1) as u64 & 0xFFFF
    }

    /// The meaning of a word.
    #[inline]
    pub const fn from_raw(raw: u64) -> Self {
        Self {
            count: (raw & 0xFFFF) as u32 + 1,
            descriptor_log2: (raw >> 60) as u32,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn raw_values() {
        assert_eq!(UtcbInfo::PECAN.raw(), 0xC_2801);
        assert_eq!(UtcbInfo::PECAN.utcb_size(), 1024);
        assert_eq!(
            ThreadInfo {
                bits: 18,
                system_base: 24,
                user_base: 56
            }
            .raw(),
            0x0380_1812
        );
        assert_eq!(
            ThreadInfo::from_raw(0x0300_1012),
            ThreadInfo {
                bits: 18,
                system_base: 16,
                user_base: 48
            }
        );
        assert_eq!(
            ProcessorInfo {
                count: 2,
                descriptor_log2: 5
            }
            .raw(),
            0x5000_0000_0000_0001
        );
        assert_eq!(
            ProcessorInfo::from_raw(0x5000_0000_0000_0000),
            ProcessorInfo {
                count: 1,
                descriptor_log2: 5
            }
        );
        assert_eq!(
            PageInfo {
                rights: 7,
                sizes: 1 << 12 | 1 << 21
            }
            .raw(),
            0x20_1007
        );
        assert_eq!(PageInfo::from_raw(0x20_1007).sizes, 0x20_1000);
        assert_eq!(
            MemoryInfo {
                offset: 0x2E0,
                count: 0x12
            }
            .raw(),
            0x2E0_0000_0012
        );
        assert_eq!(MemoryInfo::from_raw(0x2E0_0000_0012).count, 18);
        assert_eq!(
            KipAreaInfo::from_raw(KipAreaInfo { log2: 12 }.raw()).log2,
            12
        );
        assert_eq!(UtcbInfo::from_raw(0xC_2801), UtcbInfo::PECAN);
    }
}
