//! [`Message`]: a tag and up to 63 words, apart from the message registers.
//!
//! The registers in the UTCB are overwritten by every IPC, including those that `println!` makes.
//! A `Message` is an ordinary value: built, sent as often as wanted, kept.

use pecan_abi::item::{GrantItem, MapItem, StringItem};
use pecan_abi::tag::Tag;

use crate::utcb::Utcb;

/// Most words that fit behind the tag.
pub(crate) const MAX_WORDS: usize = 63;

/// A message: label, untyped words, then typed items.
///
/// Built from left to right:
/// ```
/// use l4::Message;
/// let message = Message::new(7).word(1).words(&[2, 3]);
/// assert_eq!(message.label(), 7);
/// assert_eq!(message.untyped(), [1, 2, 3]);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    tag: Tag,
    words: [u64; MAX_WORDS],
}

/// A typed item of a received message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Item {
    /// Memory that is now mapped here too.
    Map(MapItem),
    /// Memory that moved here.
    Grant(GrantItem),
    /// A string: its length in bytes, as the sender described it. If the IPC did not fail, that many
    /// are in the buffer.
    String(u64),
    /// Anything else: the item's first word. Items after it are not reported.
    Other(u64),
}

impl Message {
    /// A message without words. Only the low 48 bits of `label` are sent.
    #[must_use]
    pub const fn new(label: u64) -> Self {
        Self {
            tag: Tag::new(label, 0, 0),
            words: [0; MAX_WORDS],
        }
    }

    /// Appends an untyped word.
    ///
    /// # Panics
    /// If the message is full (63 words) or already has a typed item.
    #[must_use]
    pub fn word(self, word: u64) -> Self {
        self.words(&[word])
    }

    /// Appends untyped words. Panics as [`Self::word`].
    #[must_use]
    pub fn words(mut self, words: &[u64]) -> Self {
        assert!(
            self.tag.typed() == 0,
            "untyped words come before typed items"
        );
        let from = self.tag.untyped();
        self.append(words);
        self.tag = self.tag.with_untyped(from + words.len());
        self
    }

    /// Appends a map item: the receiver gets the memory too.
    ///
    /// # Panics
    /// If the message has no room for two words.
    #[must_use]
    pub fn map(self, item: MapItem) -> Self {
        self.typed_words(&item.words())
    }

    /// Appends a grant item: the memory moves to the receiver. Panics as [`Self::map`].
    #[must_use]
    pub fn grant(self, item: GrantItem) -> Self {
        self.typed_words(&item.words())
    }

    /// Appends the raw words of typed items. Panics if there is no room.
    #[must_use]
    pub fn typed_words(mut self, words: &[u64]) -> Self {
        let typed = self.tag.typed();
        self.append(words);
        self.tag = self.tag.with_typed(typed + words.len());
        self
    }

    /// The tag, with the flags that the kernel set if the message was received.
    #[must_use]
    pub const fn tag(&self) -> Tag {
        self.tag
    }

    /// The same words under another tag, for tests that send nonsense; the counts are the caller's.
    #[must_use]
    pub const fn with_tag(mut self, tag: Tag) -> Self {
        self.tag = tag;
        self
    }

    /// The label, 48 bits.
    #[must_use]
    pub fn label(&self) -> u64 {
        self.tag.label()
    }

    /// The untyped words.
    #[must_use]
    pub fn untyped(&self) -> &[u64] {
        &self.words[..self.tag.untyped().min(MAX_WORDS)]
    }

    /// Untyped word `index`, or 0 if the message is shorter: what a server reads from a request
    /// whose sender it does not trust.
    #[must_use]
    pub fn word_at(&self, index: usize) -> u64 {
        self.untyped().get(index).copied().unwrap_or(0)
    }

    /// The words of the typed items.
    #[must_use]
    pub fn typed(&self) -> &[u64] {
        let from = self.untyped().len();
        &self.words[from..self.used()]
    }

    /// The typed items, in order.
    pub fn items(&self) -> impl Iterator<Item = Item> + '_ {
        let mut rest = self.typed();
        core::iter::from_fn(move || {
            let (item, words) = first_item(rest)?;
            rest = rest.get(words..).unwrap_or(&[]);
            Some(item)
        })
    }

    /// The lengths in bytes of the message's strings, in order.
    ///
    /// ```no_run
    /// # use l4::{IpcError, ThreadId, string::{self, Buffers}};
    /// # fn f() -> Result<(), IpcError> {
    /// let mut text = [0; 4096];
    /// let got = string::receive(ThreadId::ANY, Buffers::new().buffer(&mut text))?;
    /// let length = got.message.string_lengths().next().unwrap_or(0);
    /// # Ok(()) }
    /// ```
    pub fn string_lengths(&self) -> impl Iterator<Item = u64> + '_ {
        self.items().filter_map(|item| match item {
            Item::String(length) => Some(length),
            _ => None,
        })
    }

    /// Words behind the tag that are in use.
    fn used(&self) -> usize {
        (self.tag.untyped() + self.tag.typed()).min(MAX_WORDS)
    }

    fn append(&mut self, words: &[u64]) {
        let from = self.used();
        assert!(from + words.len() <= MAX_WORDS, "a message holds 63 words");
        self.words[from..from + words.len()].copy_from_slice(words);
    }

    /// Puts the message into the message registers.
    #[inline]
    pub fn store(&self, utcb: Utcb) {
        utcb.set_mr(0, self.tag.raw());
        for (index, word) in self.words[..self.used()].iter().enumerate() {
            utcb.set_mr(index + 1, *word);
        }
    }

    /// Takes the message that the message registers hold.
    #[inline]
    #[must_use]
    pub fn load(utcb: Utcb) -> Self {
        let mut message = Self {
            tag: Tag::from_raw(utcb.mr(0)),
            words: [0; MAX_WORDS],
        };
        let used = message.used();
        for (index, word) in message.words[..used].iter_mut().enumerate() {
            *word = utcb.mr(index + 1);
        }
        message
    }
}

/// The item that `words` begin with, and how many words it has: all, if it is not understood.
fn first_item(words: &[u64]) -> Option<(Item, usize)> {
    let first = *words.first()?;
    let pair = [first, words.get(1).copied().unwrap_or(0)];
    let map = MapItem::from_words(pair).map(Item::Map);
    if let Some(item) = map.or(GrantItem::from_words(pair).map(Item::Grant)) {
        return Some((item, 2));
    }
    Some(string(words).unwrap_or((Item::Other(first), words.len())))
}

/// The string that `words` begin with, if all its descriptors are there.
fn string(words: &[u64]) -> Option<(Item, usize)> {
    let (mut length, mut next) = (0u64, 0);
    loop {
        let item = StringItem::from_raw(*words.get(next)?)?;
        length = length.saturating_add(item.length().saturating_mul(item.pointers() as u64));
        next += 1 + item.pointers();
        if next > words.len() {
            return None;
        }
        if !item.is_compound() {
            return Some((Item::String(length), next));
        }
    }
}

#[cfg(test)]
mod tests;
