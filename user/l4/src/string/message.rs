//! [`LongMessage`]: a message with strings, which it borrows.

use core::marker::PhantomData;

use pecan_abi::item::{GrantItem, MapItem};

use super::descriptor::Writer;
use crate::message::{MAX_WORDS, Message};

/// How a copy treats the processor's caches: two bits of a string item whose meaning, other than the
/// default, depends on the processor. Pecan takes all of them and copies as by default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u64)]
pub enum CacheHint {
    /// As any other access.
    #[default]
    Default = 0,
    /// Hint 1.
    One = 1 << 1,
    /// Hint 2.
    Two = 2 << 1,
    /// Hint 3.
    Three = 3 << 1,
}

/// A message with strings: words first, then strings, map items and grant items in any order.
///
/// The strings are not copied into it: it borrows them until it was sent.
/// ```
/// use l4::Message;
/// use l4::string::LongMessage;
/// let (head, body) = ([1; 16], [2; 100]);
/// let message = LongMessage::new(Message::new(7).word(1)).string(&head).string(&body);
/// assert_eq!(message.message().string_lengths().collect::<Vec<_>>(), [16, 100]);
/// ```
///
/// Memory cannot go away or change before the message was sent:
/// ```compile_fail
/// use l4::Message;
/// use l4::string::LongMessage;
/// let mut text = [1; 16];
/// let message = LongMessage::new(Message::new(0)).string(&text);
/// text[0] = 2;
/// let _ = message.message();
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct LongMessage<'a> {
    message: Message,
    hint: CacheHint,
    strings: PhantomData<&'a [u8]>,
}

impl<'a> LongMessage<'a> {
    /// Nothing: no words, no strings, label 0.
    pub const EMPTY: Self = Self::new(Message::new(0));

    /// Begins with the label, the words and the items of `message`.
    pub const fn new(message: Message) -> Self {
        Self {
            message,
            hint: CacheHint::Default,
            strings: PhantomData,
        }
    }

    /// Appends a string.
    ///
    /// # Panics
    /// If the message has no room for its two words.
    pub fn string(self, bytes: &'a [u8]) -> Self {
        self.gather(&[bytes])
    }

    /// Appends one string that lies in pieces; the receiver gets them in one piece, or as its buffer
    /// has it. A piece costs one word, and one more if its length differs from that of the piece
    /// before.
    ///
    /// ```
    /// use l4::Message;
    /// use l4::string::LongMessage;
    /// let (header, payload) = ([0; 16], [0; 1000]);
    /// let packet = LongMessage::new(Message::new(0)).gather(&[&header, &payload]);
    /// assert_eq!(packet.message().string_lengths().collect::<Vec<_>>(), [1016]);
    /// ```
    ///
    /// # Panics
    /// If the message has no room.
    pub fn gather(mut self, pieces: &[&'a [u8]]) -> Self {
        let mut words = [0; MAX_WORDS];
        let mut string = Writer::new(&mut words, 0, self.hint as u64);
        for piece in pieces {
            string.part(
                piece.as_ptr().expose_provenance() as u64,
                piece.len() as u64,
            );
        }
        let used = string.end();
        self.message = self.message.typed_words(&words[..used]);
        self
    }

    /// Gives the strings appended after this a cache hint.
    pub const fn cache_hint(mut self, hint: CacheHint) -> Self {
        self.hint = hint;
        self
    }

    /// Appends a map item, as [`Message::map`].
    pub fn map(mut self, item: MapItem) -> Self {
        self.message = self.message.map(item);
        self
    }

    /// Appends a grant item, as [`Message::grant`].
    pub fn grant(mut self, item: GrantItem) -> Self {
        self.message = self.message.grant(item);
        self
    }

    /// The words and the items.
    #[must_use]
    pub const fn message(&self) -> &Message {
        &self.message
    }
}

impl From<Message> for LongMessage<'_> {
    fn from(message: Message) -> Self {
        Self::new(message)
    }
}
