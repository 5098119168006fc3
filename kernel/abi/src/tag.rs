//! The message tag: message register 0 (L4 X.2, message tags).

/// First word of a message.
///
/// Bits 0-5 number of untyped words u, bits 6-11 number of typed words t, bits 12-15 flags, bits 16-63 label.
/// A message can hold 63 words: u + t <= 63.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[repr(transparent)]
pub struct Tag(u64);

impl Tag {
    /// An empty message with label 0.
    pub const NIL: Self = Self(0);
    /// Flag: in a sent tag the sender speaks for its virtual sender; in a received tag the message was propagated.
    pub const PROPAGATED: u64 = 1 << 12;
    /// Flag of a received tag: the message was redirected to this receiver.
    pub const REDIRECTED: u64 = 1 << 13;
    /// Flag of a received tag: the message came from another processor.
    pub const CROSS_CPU: u64 = 1 << 14;
    /// Flag of a returned tag: the IPC failed, the ErrorCode register says why.
    pub const ERROR: u64 = 1 << 15;
    /// All flag bits.
    pub const FLAGS: u64 = 0xF000;
    /// Bits of the number of untyped words.
    pub const UNTYPED_MASK: u64 = 0x3F;
    /// Bits of the number of typed words.
    pub const TYPED_MASK: u64 = 0xFC0;
    /// Bits of the label.
    pub const LABEL_MASK: u64 = !0xFFFF;

    /// A tag without flags. `label` keeps its low 48 bits, the counts their low 6 bits.
    #[inline]
    pub const fn new(label: u64, untyped: usize, typed: usize) -> Self {
        Self(label << 16 | (typed as u64 & 0x3F) << 6 | (untyped as u64 & 0x3F))
    }

    /// A tag as it came in a register.
    #[inline]
    pub const fn from_raw(raw: u64) -> Self {
        Self(raw)
    }

    /// The word as it goes into a register.
    #[inline]
    pub const fn raw(self) -> u64 {
        self.0
    }

    /// The 48-bit label.
    #[inline]
    pub const fn label(self) -> u64 {
        self.0 >> 16
    }

    /// Number of untyped words, 0-63.
    #[inline]
    pub const fn untyped(self) -> usize {
        (self.0 & Self::UNTYPED_MASK) as usize
    }

    /// Number of typed words, 0-63.
    #[inline]
    pub const fn typed(self) -> usize {
        (self.0 >> 6 & 0x3F) as usize
    }

    /// Is the propagation flag set?
    #[inline]
    pub const fn is_propagated(self) -> bool {
        self.0 & Self::PROPAGATED != 0
    }

    /// Was the message redirected?
    #[inline]
    pub const fn is_redirected(self) -> bool {
        self.0 & Self::REDIRECTED != 0
    }

    /// Did the message come from another processor?
    #[inline]
    pub const fn is_cross_cpu(self) -> bool {
        self.0 & Self::CROSS_CPU != 0
    }

    /// Did the IPC fail?
    #[inline]
    pub const fn is_error(self) -> bool {
        self.0 & Self::ERROR != 0
    }

    /// The same tag with another label (low 48 bits).
    #[inline]
    pub const fn with_label(self, label: u64) -> Self {
        Self(self.0 & !Self::LABEL_MASK | label << 16)
    }

    /// The same tag with another number of untyped words (low 6 bits).
    #[inline]
    pub const fn with_untyped(self, untyped: usize) -> Self {
        Self(self.0 & !Self::UNTYPED_MASK | untyped as u64 & 0x3F)
    }

    /// The same tag with another number of typed words (low 6 bits).
    #[inline]
    pub const fn with_typed(self, typed: usize) -> Self {
        Self(self.0 & !Self::TYPED_MASK | (typed as u64 & 0x3F) << 6)
    }

    /// The same tag with the given flag bits (of [`Self::FLAGS`]) set too.
    #[inline]
    pub const fn with_flags(self, flags: u64) -> Self {
        Self(self.0 | flags & Self::FLAGS)
    }

    /// The same tag with the given flag bits (of [`Self::FLAGS`]) cleared.
    #[inline]
    pub const fn without_flags(self, flags: u64) -> Self {
        Self(self.0 & !(flags & Self::FLAGS))
    }

    /// The same tag, marked as propagated.
    #[inline]
    pub const fn with_propagated(self) -> Self {
        self.with_flags(Self::PROPAGATED)
    }

    /// The same tag, marked as redirected.
    #[inline]
    pub const fn with_redirected(self) -> Self {
        self.with_flags(Self::REDIRECTED)
    }

    /// The same tag, marked as coming from another processor.
    #[inline]
    pub const fn with_cross_cpu(self) -> Self {
        self.with_flags(Self::CROSS_CPU)
    }

    /// The same tag, marked as failed.
    #[inline]
    pub const fn with_error(self) -> Self {
        self.with_flags(Self::ERROR)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_are_those_of_the_interface() {
        assert_eq!((Tag::UNTYPED_MASK, Tag::TYPED_MASK), (0x3F, 0xFC0));
        assert_eq!(
            (Tag::FLAGS, Tag::LABEL_MASK),
            (0xF000, 0xFFFF_FFFF_FFFF_0000)
        );
        let all = Tag::PROPAGATED | Tag::REDIRECTED | Tag::CROSS_CPU | Tag::ERROR;
        assert_eq!(all, Tag::FLAGS);
    }

    #[test]
    fn fields_do_not_leak_into_each_other() {
        let tag = Tag::new(0xFFFF_1234_5678_9ABC, 63, 2);
        assert_eq!(
            (tag.label(), tag.untyped(), tag.typed()),
            (0x1234_5678_9ABC, 63, 2)
        );
        assert_eq!(Tag::new(0x123, 2, 0).with_error().raw(), 0x0123_8002);
        assert_eq!(Tag::new(0, 64, 64), Tag::NIL);
        let other = tag.with_label(0xF00F).with_untyped(1).with_typed(1);
        assert_eq!(other, Tag::new(0xF00F, 1, 1));
    }

    #[test]
    fn flags_are_set_and_cleared_alone() {
        let tag = Tag::new(7, 1, 0);
        assert!(tag.with_propagated().is_propagated() && !tag.is_propagated());
        assert!(tag.with_redirected().is_redirected() && !tag.with_propagated().is_redirected());
        assert!(tag.with_cross_cpu().is_cross_cpu() && !tag.with_error().is_cross_cpu());
        assert!(tag.with_error().is_error() && !tag.with_cross_cpu().is_error());
        assert_eq!(tag.with_flags(u64::MAX).without_flags(u64::MAX), tag);
    }
}
