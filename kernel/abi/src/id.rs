//! Thread ids (L4 X.2, thread identifiers).

/// Names a thread, or one of the special ids.
///
/// A global id has the thread number in bits 32-63 and a version in bits 0-31, of which bits 0-5 are not all zero.
/// A local id has bits 0-5 zero; on amd64 it is the address of message register 0 of the thread's UTCB.
/// Any 64-bit pattern can be held: an id from a program is checked by whoever uses it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default)]
#[repr(transparent)]
pub struct ThreadId(u64);

/// Bits that are zero in a local id.
const LOCAL_ZERO_BITS: u64 = 0x3F;

impl ThreadId {
    /// No thread.
    pub const NIL: Self = Self(0);
    /// Any sender.
    pub const ANY: Self = Self(u64::MAX);
    /// Any sender of the receiver's own address space.
    pub const ANY_LOCAL: Self = Self(!LOCAL_ZERO_BITS);

    /// The global id of thread `number` in `version`. A version that is a multiple of 64 does not make a global id.
    #[inline]
    pub const fn global(number: u32, version: u32) -> Self {
        Self((number as u64) << 32 | version as u64)
    }

    /// The local id of the thread whose message register 0 lies at `mr0`. Bits 0-5 of the address are dropped.
    #[inline]
    pub const fn local(mr0: u64) -> Self {
        Self(mr0 & !LOCAL_ZERO_BITS)
    }

    /// The id of the interrupt thread of line `irq`.
    #[inline]
    pub const fn interrupt(irq: u32) -> Self {
        Self::global(irq, 1)
    }

    /// An id as it came in a register.
    #[inline]
    pub const fn from_raw(raw: u64) -> Self {
        Self(raw)
    }

    /// The word as it goes into a register.
    #[inline]
    pub const fn raw(self) -> u64 {
        self.0
    }

    /// Is this [`Self::NIL`]?
    #[inline]
    pub const fn is_nil(self) -> bool {
        self.0 == 0
    }

    /// Can this be the local id of a thread? False for nil and for [`Self::ANY_LOCAL`].
    #[inline]
    pub const fn is_local(self) -> bool {
        self.0 & LOCAL_ZERO_BITS == 0 && self.0 != 0 && self.0 != Self::ANY_LOCAL.0
    }

    /// Can this be the global id of a thread? False for [`Self::ANY`].
    #[inline]
    pub const fn is_global(self) -> bool {
        self.0 & LOCAL_ZERO_BITS != 0 && self.0 != Self::ANY.0
    }

    /// Thread number of a global id. Meaningless for other ids.
    #[inline]
    pub const fn number(self) -> u32 {
        (self.0 >> 32) as u32
    }

    /// Version of a global id. Meaningless for other ids.
    #[inline]
    pub const fn version(self) -> u32 {
        self.0 as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn raw_values() {
        assert_eq!(ThreadId::global(3, 1).raw(), 0x0000_0003_0000_0001);
        assert_eq!(ThreadId::global(0x32, 1).raw(), 0x32_0000_0001);
        assert_eq!(ThreadId::ANY_LOCAL.raw(), 0xFFFF_FFFF_FFFF_FFC0);
        assert_eq!(ThreadId::ANY.raw(), u64::MAX);
        assert_eq!(ThreadId::interrupt(9).raw(), 0x9_0000_0001);
    }

    #[test]
    fn kinds_are_told_apart() {
        let global = ThreadId::global(0xFFFF_FFFF, 0x41);
        assert!(global.is_global() && !global.is_local());
        assert_eq!((global.number(), global.version()), (0xFFFF_FFFF, 0x41));
        let local = ThreadId::local(0xBF00_0200);
        assert!(local.is_local() && !local.is_global());
        assert_eq!(local.raw(), 0xBF00_0200);
        assert_eq!(ThreadId::local(0xBF00_023F), local);
        for special in [ThreadId::NIL, ThreadId::ANY, ThreadId::ANY_LOCAL] {
            assert!(!special.is_global() && !special.is_local(), "{special:?}");
        }
        assert!(!ThreadId::global(3, 64).is_global());
        assert!(ThreadId::NIL.is_nil() && !global.is_nil());
    }
}
