//! Typed items of a message (L4 X.2, map, grant and string items).

use crate::fpage::Fpage;

/// Bit 0 of an item: another string buffer follows this one.
pub const CONTINUED: u64 = 1;
/// Bits 1-3 of an item: its type.
pub const TYPE_MASK: u64 = 0xE;

const MAP_BITS: u64 = ItemKind::MAP_BITS;
const GRANT_BITS: u64 = 5 << 1;

/// What the first word of a typed item introduces.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ItemKind {
    /// A [`StringItem`] with its pointers.
    String,
    /// A [`MapItem`], 2 words.
    Map,
    /// A [`GrantItem`], 2 words.
    Grant,
    /// A control-transfer item, which amd64 does not have.
    CtrlXfer,
    /// Nothing that the interface defines.
    Invalid,
}

impl ItemKind {
    /// Bits 1-3 of a map item. Those of a string have none of these bits.
    pub const MAP_BITS: u64 = 4 << 1;

    /// The kind of the item that begins with `word0`.
    #[inline]
    pub const fn of(word0: u64) -> Self {
        match word0 >> 1 & 7 {
            0..=3 => Self::String,
            4 => Self::Map,
            5 => Self::Grant,
            6 => Self::CtrlXfer,
            _ => Self::Invalid,
        }
    }
}

/// Maps a page of the sender: both share it afterwards.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MapItem {
    /// Where in the larger of send page and receive window the smaller one goes; a multiple of 1024.
    pub send_base: u64,
    /// The page of the sender, with the rights to give.
    pub fpage: Fpage,
}

/// Grants a page of the sender: the sender loses it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct GrantItem {
    /// Where in the larger of send page and receive window the smaller one goes; a multiple of 1024.
    pub send_base: u64,
    /// The page of the sender, with the rights to give.
    pub fpage: Fpage,
}

impl MapItem {
    /// The two words of the item. Bits 0-9 of the send base are dropped.
    #[inline]
    pub const fn words(self) -> [u64; 2] {
        [self.send_base & !0x3FF | MAP_BITS, self.fpage.raw()]
    }

    /// The item in two words of a message, if it is a map item.
    #[inline]
    pub const fn from_words(words: [u64; 2]) -> Option<Self> {
        match ItemKind::of(words[0]) {
            ItemKind::Map => Some(Self {
                send_base: words[0] & !0x3FF,
                fpage: Fpage::from_raw(words[1]),
            }),
            _ => None,
        }
    }
}

impl GrantItem {
    /// The two words of the item. Bits 0-9 of the send base are dropped.
    #[inline]
    pub const fn words(self) -> [u64; 2] {
        [self.send_base & !0x3FF | GRANT_BITS, self.fpage.raw()]
    }

    /// The item in two words of a message, if it is a grant item.
    #[inline]
    pub const fn from_words(words: [u64; 2]) -> Option<Self> {
        match ItemKind::of(words[0]) {
            ItemKind::Grant => Some(Self {
                send_base: words[0] & !0x3FF,
                fpage: Fpage::from_raw(words[1]),
            }),
            _ => None,
        }
    }
}

/// First word of a string item or of a string buffer; [`Self::pointers`] pointer words follow.
///
/// Bit 0 another buffer follows, bits 1-2 cache hints, bits 4-8 number of pointers - 1, bit 9 the string goes on in another
/// descriptor, bits 10-63 length in bytes of the part behind each pointer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(transparent)]
pub struct StringItem(u64);

impl StringItem {
    /// Bit 9: the next descriptor continues this string.
    pub const COMPOUND: u64 = 1 << 9;
    /// Bits of the number of pointers - 1.
    pub const POINTERS_MASK: u64 = 0x1F0;

    /// A string of `pointers` (1-32) parts of `length` bytes (below 2^54) each.
    #[inline]
    pub const fn new(length: u64, pointers: usize) -> Self {
        Self(length << 10 | ((pointers as u64).wrapping_sub(1) & 0x1F) << 4)
    }

    /// The descriptor in a word, if the word introduces a string.
    #[inline]
    pub const fn from_raw(word0: u64) -> Option<Self> {
        match ItemKind::of(word0) {
            ItemKind::String => Some(Self(word0)),
            _ => None,
        }
    }

    /// The word.
    #[inline]
    pub const fn raw(self) -> u64 {
        self.0
    }

    /// Length in bytes of the part behind each pointer.
    #[inline]
    pub const fn length(self) -> u64 {
        self.0 >> 10
    }

    /// Number of pointers, 1-32.
    #[inline]
    pub const fn pointers(self) -> usize {
        (self.0 >> 4 & 0x1F) as usize + 1
    }

    /// Does another descriptor continue this string?
    #[inline]
    pub const fn is_compound(self) -> bool {
        self.0 & Self::COMPOUND != 0
    }

    /// Does another buffer follow this one?
    #[inline]
    pub const fn is_continued(self) -> bool {
        self.0 & CONTINUED != 0
    }

    /// The same descriptor, continued by the next one.
    #[inline]
    pub const fn with_compound(self) -> Self {
        Self(self.0 | Self::COMPOUND)
    }

    /// The same buffer, with another one behind it.
    #[inline]
    pub const fn with_continued(self) -> Self {
        Self(self.0 | CONTINUED)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fpage::Rights;

    const PAGE: Fpage = Fpage::new(0x1000, 12, Rights::FULL);

    #[test]
    fn map_and_grant_words() {
        let map = MapItem {
            send_base: 0x40_0000,
            fpage: PAGE,
        };
        assert_eq!(map.words(), [0x40_0008, 0x10C7]);
        assert_eq!(MapItem::from_words(map.words()), Some(map));
        assert_eq!(GrantItem::from_words(map.words()), None);
        let grant = GrantItem {
            send_base: 0x40_03FF,
            fpage: PAGE,
        };
        assert_eq!(grant.words(), [0x40_000A, 0x10C7]);
        assert_eq!(
            GrantItem::from_words(grant.words()).map(|g| g.send_base),
            Some(0x40_0000)
        );
        assert_eq!(MapItem::from_words(grant.words()), None);
    }

    #[test]
    fn string_words() {
        let string = StringItem::new(256, 1);
        assert_eq!(
            (string.raw(), string.length(), string.pointers()),
            (0x4_0000, 256, 1)
        );
        assert_eq!(StringItem::new(0, 32).raw(), StringItem::POINTERS_MASK);
        assert_eq!(StringItem::new(0, 32).pointers(), 32);
        assert_eq!(
            (StringItem::COMPOUND, CONTINUED, TYPE_MASK),
            (0x200, 1, 0xE)
        );
        assert!(string.with_compound().is_compound() && !string.is_compound());
        assert!(string.with_continued().is_continued() && !string.with_compound().is_continued());
        assert_eq!(
            StringItem::from_raw(0x4_0006),
            Some(StringItem(0x4_0006)),
            "cache hints make no other type"
        );
        assert_eq!(StringItem::from_raw(0x8), None);
    }

    #[test]
    fn kinds() {
        for (word, kind) in [
            (0x8, ItemKind::Map),
            (0xA, ItemKind::Grant),
            (0xC, ItemKind::CtrlXfer),
            (0xE, ItemKind::Invalid),
        ] {
            assert_eq!(ItemKind::of(word | 1), kind);
        }
        for word in [0, 2, 4, 6] {
            assert_eq!(ItemKind::of(word), ItemKind::String);
        }
    }
}
