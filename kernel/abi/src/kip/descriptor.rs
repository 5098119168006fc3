//! Descriptors behind the fixed part of the kernel interface page.

use core::mem::offset_of;

/// Type of a memory region, 0-15.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[repr(transparent)]
pub struct MemoryType(pub u8);

impl MemoryType {
    /// Nothing is known.
    pub const UNDEFINED: Self = Self(0);
    /// Free memory.
    pub const CONVENTIONAL: Self = Self(1);
    /// The kernel's memory.
    pub const RESERVED: Self = Self(2);
    /// Memory set apart for one use.
    pub const DEDICATED: Self = Self(3);
    /// Memory that anybody may map, such as device memory.
    pub const SHARED: Self = Self(4);
    /// Put there by the boot loader; the sub-type says what.
    pub const BOOT: Self = Self(0xE);
    /// Of the architecture; the sub-type is the type in the firmware's memory map.
    pub const ARCH: Self = Self(0xF);
}

/// Sub-type of [`MemoryType::BOOT`]: boot records.
pub const BOOT_INFO: u8 = 1;
/// Sub-type of [`MemoryType::BOOT`]: image of an initial server.
pub const BOOT_SERVER: u8 = 2;
/// Sub-type of [`MemoryType::BOOT`]: a boot module.
pub const BOOT_MODULE: u8 = 3;

/// Describes a region of memory; later descriptors override earlier ones.
///
/// Word 0: bits 0-3 type, bits 4-7 sub-type, bit 9 virtual, bits 10-63 low / 1024. Word 1: bits 10-63 high / 1024.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MemoryDescriptor {
    /// First byte, a multiple of 1024.
    pub low: u64,
    /// Last byte, inclusive, a multiple of 1024 plus 1023.
    pub high: u64,
    /// Virtual addresses; else physical ones.
    pub is_virtual: bool,
    /// Type.
    pub kind: MemoryType,
    /// Sub-type, 0-15; has a meaning for [`MemoryType::BOOT`] and [`MemoryType::ARCH`].
    pub subtype: u8,
}

impl MemoryDescriptor {
    /// A region of physical memory with sub-type 0, `low` to `high` inclusive, in whole KiB that contain both ends.
    #[inline]
    pub const fn physical(low: u64, high: u64, kind: MemoryType) -> Self {
        Self {
            low: low & !0x3FF,
            high: high | 0x3FF,
            is_virtual: false,
            kind,
            subtype: 0,
        }
    }

    /// The same region with another sub-type.
    #[inline]
    pub const fn with_subtype(self, subtype: u8) -> Self {
        Self { subtype, ..self }
    }

    /// The two words.
    #[inline]
    pub const fn words(self) -> [u64; 2] {
        let kind = self.kind.0 as u64 & 0xF | (self.subtype as u64 & 0xF) << 4;
        [
            self.low & !0x3FF | (self.is_virtual as u64) << 9 | kind,
            self.high & !0x3FF,
        ]
    }

    /// The meaning of two words.
    #[inline]
    pub const fn from_words(words: [u64; 2]) -> Self {
        Self {
            low: words[0] & !0x3FF,
            high: words[1] | 0x3FF,
            is_virtual: words[0] & 0x200 != 0,
            kind: MemoryType(words[0] as u8 & 0xF),
            subtype: (words[0] >> 4) as u8 & 0xF,
        }
    }
}

/// Describes a processor.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[repr(C)]
pub struct ProcessorDescriptor {
    /// Bus frequency in kHz.
    pub external_khz: u64,
    /// Core frequency in kHz.
    pub internal_khz: u64,
    /// Reserved.
    pub reserved: [u64; 2],
}

/// Describes the kernel. Version string and feature strings follow, each closed by a zero byte, the list by an empty string.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[repr(C)]
pub struct KernelDescriptor {
    /// [`kernel_id`].
    pub id: u64,
    /// [`kernel_date`].
    pub date: u64,
    /// [`kernel_version`].
    pub version: u64,
    /// Four characters in the low bytes.
    pub supplier: u64,
}

impl KernelDescriptor {
    /// Offset of the strings from the start of the descriptor.
    pub const STRINGS: usize = 0x20;
    /// Pecan's four characters.
    pub const PECAN_SUPPLIER: u64 = 0x6E63_6550;
}

const _: () = {
    assert!(
        size_of::<ProcessorDescriptor>() == 32
            && offset_of!(ProcessorDescriptor, internal_khz) == 8
    );
    assert!(size_of::<KernelDescriptor>() == KernelDescriptor::STRINGS);
    assert!(
        offset_of!(KernelDescriptor, date) == 8 && offset_of!(KernelDescriptor, version) == 0x10
    );
    assert!(offset_of!(KernelDescriptor, supplier) == 0x18);
};

/// Id of a kernel: bits 24-31 id, bits 16-23 sub-id.
#[inline]
pub const fn kernel_id(id: u8, subid: u8) -> u64 {
    (id as u64) << 24 | (subid as u64) << 16
}

/// Date of a kernel: bits 0-4 day, bits 5-8 month, bits 9-15 year - 2000 (years 2000-2127).
#[inline]
pub const fn kernel_date(year: u32, month: u32, day: u32) -> u64 {
    (year.wrapping_sub(2000) as u64 & 0x7F) << 9 | (month as u64 & 0xF) << 5 | day as u64 & 0x1F
}

/// Version of a kernel: bits 24-31 version, bits 16-23 subversion, bits 0-15 subsubversion.
#[inline]
pub const fn kernel_version(version: u8, sub: u8, subsub: u16) -> u64 {
    (version as u64) << 24 | (sub as u64) << 16 | subsub as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_descriptor_fields() {
        let words = |low, high, is_virtual, kind, subtype| {
            MemoryDescriptor {
                low,
                high,
                is_virtual,
                kind: MemoryType(kind),
                subtype,
            }
            .words()
        };
        assert_eq!(words(0, 0, false, 0xF, 0), [0xF, 0]);
        assert_eq!(words(0, 0, false, 0, 0xF), [0xF0, 0]);
        assert_eq!(words(0, 0, true, 0, 0), [0x200, 0]);
        assert_eq!(words(0x400, 0x7FF, false, 0, 0), [0x400, 0x400]);
        assert_eq!(
            words(0, 0x9_FBFF, false, 1, 1)[0],
            0x11,
            "as observed for conventional memory"
        );
    }

    #[test]
    fn memory_descriptors_round_trip() {
        let boot = MemoryDescriptor::physical(0xF0_0000, 0xF0_5AE0, MemoryType::BOOT)
            .with_subtype(BOOT_SERVER);
        assert_eq!(
            (boot.low, boot.high, boot.is_virtual),
            (0xF0_0000, 0xF0_5BFF, false)
        );
        assert_eq!(boot.words(), [0xF0_002E, 0xF0_5800]);
        assert_eq!(MemoryDescriptor::from_words(boot.words()), boot);
        let all = MemoryDescriptor::physical(0, u64::MAX, MemoryType::SHARED);
        assert_eq!(MemoryDescriptor::from_words(all.words()), all);
        let user = MemoryDescriptor {
            is_virtual: true,
            ..all
        };
        assert_eq!(MemoryDescriptor::from_words(user.words()), user);
    }

    #[test]
    fn kernel_words() {
        assert_eq!(kernel_id(4, 2), 0x0402_0000);
        assert_eq!(kernel_version(1, 2, 3), 0x0102_0003);
        assert_eq!(kernel_date(2026, 12, 31), 0x359F);
        assert_eq!(
            KernelDescriptor::PECAN_SUPPLIER.to_le_bytes(),
            *b"Pecn\0\0\0\0"
        );
    }
}
