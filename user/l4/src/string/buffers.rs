//! [`Buffers`]: where received strings go.

use core::marker::PhantomData;

use pecan_abi::item::CONTINUED;
use pecan_abi::utcb::BUFFER_REGISTERS;

use super::descriptor::Writer;

/// Words behind the acceptor.
const WORDS: usize = BUFFER_REGISTERS - 1;

/// Memory for the strings of one message, borrowed until it was received.
///
/// The first string goes into the first buffer, and so on. What a string does not fill stays as it
/// is; a string longer than its buffer, or without one, is cut and both sides get an error. Without
/// any buffer no strings are accepted.
///
/// ```no_run
/// use l4::ThreadId;
/// use l4::string::{self, Buffers};
/// # fn f() -> Result<(), l4::IpcError> {
/// let (mut name, mut text) = ([0; 32], [0; 4096]);
/// let buffers = Buffers::new().buffer(&mut name).buffer(&mut text);
/// let got = string::receive(ThreadId::ANY, buffers)?;
/// let mut lengths = got.message.string_lengths().map(|length| length as usize);
/// let name = &name[..lengths.next().unwrap_or(0)];
/// let text = &text[..lengths.next().unwrap_or(0)];
/// # let _ = (name, text);
/// # Ok(()) }
/// ```
#[derive(Debug)]
#[must_use]
pub struct Buffers<'a> {
    words: [u64; WORDS],
    used: usize,
    /// Where the first word of the last buffer is.
    last: Option<usize>,
    memory: PhantomData<&'a mut [u8]>,
}

impl<'a> Buffers<'a> {
    /// No buffers yet.
    pub const fn new() -> Self {
        Self {
            words: [0; WORDS],
            used: 0,
            last: None,
            memory: PhantomData,
        }
    }

    /// Adds a buffer. There is room for 16.
    ///
    /// # Panics
    /// If there is no room: all buffers together have 32 words, two for each.
    pub fn buffer(self, bytes: &'a mut [u8]) -> Self {
        self.scatter([bytes])
    }

    /// Adds one buffer that lies in pieces, which one string fills in this order. A piece costs one
    /// word, and one more if its length differs from that of the piece before.
    ///
    /// ```
    /// use l4::string::Buffers;
    /// let (mut header, mut payload) = ([0; 16], [0; 1500]);
    /// let packet = Buffers::new().scatter([&mut header, &mut payload]);
    /// # let _ = packet;
    /// ```
    ///
    /// # Panics
    /// If there is no room.
    pub fn scatter<const N: usize>(mut self, pieces: [&'a mut [u8]; N]) -> Self {
        if let Some(last) = self.last {
            self.words[last] |= CONTINUED;
        }
        self.last = Some(self.used);
        let mut buffer = Writer::new(&mut self.words, self.used, 0);
        for piece in pieces {
            let length = piece.len() as u64;
            buffer.part(piece.as_mut_ptr().expose_provenance() as u64, length);
        }
        self.used = buffer.end();
        self
    }

    /// What goes into the buffer registers from 1 on.
    #[must_use]
    pub fn words(&self) -> &[u64] {
        &self.words[..self.used]
    }
}

impl Default for Buffers<'_> {
    fn default() -> Self {
        Self::new()
    }
}
