//! What a receiver is willing to take: buffer register 0 (L4 X.2, acceptors).

use crate::fpage::Fpage;

/// Bit 0 accepts strings, bit 1 control-transfer items, bits 4-63 are the receive window in the shape of an [`Fpage`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[repr(transparent)]
pub struct Acceptor(u64);

impl Acceptor {
    /// Untyped words only.
    pub const UNTYPED: Self = Self(0);
    /// Bit that accepts strings.
    pub const STRINGS: u64 = 1;
    /// Bit that accepts control-transfer items.
    pub const CTRL_XFER: u64 = 2;
    /// Pages anywhere in the address space.
    pub const COMPLETE_WINDOW: Self = Self(Fpage::COMPLETE.raw());

    /// Accepts pages in `window` (none if nil; its rights do not matter) and strings if `strings`.
    #[inline]
    pub const fn new(window: Fpage, strings: bool) -> Self {
        Self(window.raw() & !0xF | strings as u64)
    }

    /// An acceptor as it stands in buffer register 0.
    #[inline]
    pub const fn from_raw(raw: u64) -> Self {
        Self(raw)
    }

    /// The word.
    #[inline]
    pub const fn raw(self) -> u64 {
        self.0
    }

    /// The receive window, without rights; nil if no page is accepted.
    #[inline]
    pub const fn window(self) -> Fpage {
        Fpage::from_raw(self.0 & !0xF)
    }

    /// Are strings accepted?
    #[inline]
    pub const fn accepts_strings(self) -> bool {
        self.0 & Self::STRINGS != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fpage::Rights;

    #[test]
    fn raw_values() {
        assert_eq!(Acceptor::COMPLETE_WINDOW.raw(), 0x10);
        assert_eq!((Acceptor::STRINGS, Acceptor::CTRL_XFER), (1, 2));
        let page = Fpage::new(0x40_0000, 22, Rights::FULL);
        let acceptor = Acceptor::new(page, true);
        assert_eq!(acceptor.raw(), 0x40_0161);
        assert_eq!(acceptor.window(), page.with_rights(Rights::NONE));
        assert!(acceptor.accepts_strings() && !Acceptor::new(page, false).accepts_strings());
        assert!(Acceptor::from_raw(0xF).window().is_nil());
    }
}
