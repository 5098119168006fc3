//! Flexible pages (L4 X.2, fpages).

/// Access rights: bit 2 read, bit 1 write, bit 0 execute.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[repr(transparent)]
pub struct Rights(u8);

impl Rights {
    /// No right.
    pub const NONE: Self = Self(0);
    /// May be executed.
    pub const EXECUTE: Self = Self(1);
    /// May be written.
    pub const WRITE: Self = Self(2);
    /// May be read.
    pub const READ: Self = Self(4);
    /// May be read and written.
    pub const READ_WRITE: Self = Self(6);
    /// May be read and executed.
    pub const READ_EXECUTE: Self = Self(5);
    /// All three rights.
    pub const FULL: Self = Self(7);

    /// Rights from bits; bits above 2 are dropped.
    #[inline]
    pub const fn from_bits(bits: u8) -> Self {
        Self(bits & 7)
    }

    /// The three bits.
    #[inline]
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// Are all of `other` among these?
    #[inline]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// What both allow.
    #[inline]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// What one of the two allows.
    #[inline]
    pub const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Is nothing allowed?
    #[inline]
    pub const fn is_none(self) -> bool {
        self.0 == 0
    }
}

/// A naturally aligned power-of-two region of the address space with rights.
///
/// Bits 0-2 rights, bits 4-9 log2 of the size, bits 10-63 base address / 1024.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[repr(transparent)]
pub struct Fpage(u64);

impl Fpage {
    /// No page.
    pub const NIL: Self = Self(0);
    /// The complete address space, without rights.
    pub const COMPLETE: Self = Self(0x10);
    /// log2 of the smallest page that can be mapped.
    pub const MIN_LOG2: u32 = 12;

    /// The page of 2^`log2` bytes (log2 0-63) that contains `base`.
    #[inline]
    pub const fn new(base: u64, log2: u32, rights: Rights) -> Self {
        let log2 = (log2 & 0x3F) as u64;
        Self(base & u64::MAX << log2 & !0x3FF | log2 << 4 | rights.0 as u64)
    }

    /// The page at `base` whose size is `size` bytes rounded up to a power of two (at most 2^63). Size 0 gives log2 0.
    #[inline]
    pub const fn with_size(base: u64, size: u64, rights: Rights) -> Self {
        let log2 = if size < 2 {
            0
        } else {
            64 - (size - 1).leading_zeros()
        };
        Self::new(base, if log2 > 63 { 63 } else { log2 }, rights)
    }

    /// A page as it came in a word.
    #[inline]
    pub const fn from_raw(raw: u64) -> Self {
        Self(raw)
    }

    /// The word.
    #[inline]
    pub const fn raw(self) -> u64 {
        self.0
    }

    /// First address: the base field rounded down to the size. 0 for [`Self::COMPLETE`].
    #[inline]
    pub const fn base(self) -> u64 {
        self.0 & !0x3FF & u64::MAX << self.log2()
    }

    /// The size field, 0-63: log2 of the size in bytes. 1 for [`Self::COMPLETE`], 2 for an [`IoFpage`].
    #[inline]
    pub const fn log2(self) -> u32 {
        (self.0 >> 4 & 0x3F) as u32
    }

    /// Last address, inclusive. All ones for [`Self::COMPLETE`].
    #[inline]
    pub const fn last(self) -> u64 {
        if self.is_complete() {
            u64::MAX
        } else {
            self.base() | !(u64::MAX << self.log2())
        }
    }

    /// The rights.
    #[inline]
    pub const fn rights(self) -> Rights {
        Rights::from_bits(self.0 as u8)
    }

    /// The same page with other rights.
    #[inline]
    pub const fn with_rights(self, rights: Rights) -> Self {
        Self(self.0 & !7 | rights.0 as u64)
    }

    /// Is this no page, whatever its rights?
    #[inline]
    pub const fn is_nil(self) -> bool {
        self.0 >> 4 == 0
    }

    /// Is this the complete address space, whatever its rights?
    #[inline]
    pub const fn is_complete(self) -> bool {
        self.0 >> 4 == 1
    }

    /// Does the page contain `address`? Nil contains nothing.
    #[inline]
    pub const fn contains(self, address: u64) -> bool {
        !self.is_nil() && address >= self.base() && address <= self.last()
    }

    /// Do the two pages share an address?
    #[inline]
    pub const fn overlaps(self, other: Self) -> bool {
        !self.is_nil()
            && !other.is_nil()
            && self.base() <= other.last()
            && other.base() <= self.last()
    }
}

/// A range of I/O ports: bits 4-9 are 2, bits 10-15 log2 of the number of ports, bits 16-31 the first port.
///
/// The range begins at the first port even where that is no multiple of the number, and ends with port 65535 at the
/// latest: so a fault of an access to four ports from any port on can be answered with what it named. Rights are always
/// full, whatever bits 0-3 say.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[repr(transparent)]
pub struct IoFpage(u64);

impl IoFpage {
    /// All 65536 ports.
    pub const COMPLETE: Self = Self::new(0, 16);

    /// 2^`log2` ports (log2 0-16) from `port` on.
    #[inline]
    pub const fn new(port: u16, log2: u32) -> Self {
        Self((port as u64) << 16 | (log2 as u64 & 0x3F) << 10 | 2 << 4)
    }

    /// The I/O page in an fpage word, if it is one.
    #[inline]
    pub const fn from_fpage(fpage: Fpage) -> Option<Self> {
        if fpage.log2() == 2 {
            Some(Self(fpage.raw()))
        } else {
            None
        }
    }

    /// The word.
    #[inline]
    pub const fn raw(self) -> u64 {
        self.0
    }

    /// The word as an fpage, for a map or grant item, for Unmap, or as a receive window.
    #[inline]
    pub const fn fpage(self) -> Fpage {
        Fpage::from_raw(self.0)
    }

    /// First port.
    #[inline]
    pub const fn port(self) -> u16 {
        (self.0 >> 16) as u16
    }

    /// Last port, inclusive: 65535 if the range would go beyond.
    #[inline]
    pub const fn last(self) -> u16 {
        if self.log2() >= 16 {
            return u16::MAX;
        }
        self.port().saturating_add((1 << self.log2()) - 1)
    }

    /// log2 of the number of ports.
    #[inline]
    pub const fn log2(self) -> u32 {
        (self.0 >> 10 & 0x3F) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn raw_values() {
        assert_eq!(Fpage::COMPLETE.raw(), 0x10);
        assert_eq!(Fpage::new(0x1234_5000, 12, Rights::FULL).raw(), 0x1234_50C7);
        assert_eq!(
            Fpage::with_size(0x20_0000, 2 << 20, Rights::NONE).raw(),
            0x20_0150
        );
        assert_eq!(
            Fpage::with_size(0xBF00_0000, 1024 * 1000, Rights::NONE).raw(),
            0xBF00_0140
        );
        assert_eq!(Fpage::new(0x1000, 12, Rights::FULL).raw(), 0x10C7);
        assert_eq!(Fpage::new(0xBF0F_FFFF, 20, Rights::NONE).raw(), 0xBF00_0140);
        assert_eq!(Fpage::new(0x7FF, 1, Rights::NONE).raw(), 0x410);
        assert_eq!(IoFpage::new(0x3F8, 3).raw(), 0x03F8_0C20);
        assert_eq!(IoFpage::COMPLETE.raw(), 0x4020);
    }

    #[test]
    fn fields_come_back() {
        let page = Fpage::new(0xFFFF_FFFF_FFFF_FFFF, 21, Rights::READ_WRITE);
        assert_eq!((page.base(), page.log2()), (0xFFFF_FFFF_FFE0_0000, 21));
        assert_eq!((page.last(), page.rights()), (u64::MAX, Rights::READ_WRITE));
        assert_eq!(page.with_rights(Rights::EXECUTE).rights(), Rights::EXECUTE);
        assert_eq!(
            Fpage::from_raw(0x1234_5150).base(),
            0x1220_0000,
            "base field is rounded down"
        );
        assert_eq!(Fpage::with_size(0, u64::MAX, Rights::NONE).log2(), 63);
        let io = IoFpage::new(0x3F8, 3);
        assert_eq!((io.port(), io.log2()), (0x3F8, 3));
        assert_eq!(IoFpage::from_fpage(Fpage::from_raw(io.raw())), Some(io));
        assert_eq!(IoFpage::from_fpage(page), None);
        assert_eq!(io.fpage().raw(), io.raw());
    }

    #[test]
    fn ranges_of_ports() {
        let range = |port, log2| {
            (
                IoFpage::new(port, log2).port(),
                IoFpage::new(port, log2).last(),
            )
        };
        assert_eq!(range(0x3F8, 3), (0x3F8, 0x3FF));
        assert_eq!(range(0x3F9, 2), (0x3F9, 0x3FC), "not rounded");
        assert_eq!(range(0xFFFE, 2), (0xFFFE, 0xFFFF), "no port is beyond");
        assert_eq!(range(7, 0), (7, 7));
        for log2 in 16..64 {
            assert_eq!(range(5, log2), (5, 0xFFFF));
        }
        assert_eq!(IoFpage::COMPLETE.last(), 0xFFFF);
    }

    #[test]
    fn containment() {
        let page = Fpage::new(0x4000, 14, Rights::NONE);
        assert!(page.contains(0x4000) && page.contains(0x7FFF));
        assert!(!page.contains(0x3FFF) && !page.contains(0x8000));
        assert!(Fpage::COMPLETE.contains(u64::MAX) && !Fpage::NIL.contains(0));
        assert!(
            page.overlaps(Fpage::new(0x6000, 12, Rights::NONE)) && page.overlaps(Fpage::COMPLETE)
        );
        assert!(!page.overlaps(Fpage::new(0x8000, 12, Rights::NONE)) && !page.overlaps(Fpage::NIL));
        assert!(!Fpage::new(0, 12, Rights::NONE).overlaps(Fpage::NIL));
        assert!(Fpage::from_raw(7).is_nil() && Fpage::from_raw(0x17).is_complete());
    }
}
