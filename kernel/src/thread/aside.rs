//! What the kernel says and hears for a thread, aside from the thread's UTCB, in which nothing of that shows.

use pecan_abi::acceptor::Acceptor;
use pecan_abi::utcb;

use super::utcb::{Field, UtcbRef};
use super::{MESSAGE_ROOM, Owned};

/// Message registers 0 to `WORDS` - 1 and the fields below them that a message is about, from the acceptor on, as they lie in a
/// UTCB. Buffers for strings are the thread's own.
#[repr(C)]
pub(crate) struct Aside<const WORDS: usize> {
    fields: [u64; FIELDS],
    mr: [u64; WORDS],
}

/// From buffer register 0 up to message register 0.
const FIELDS: usize = -utcb::BR0 as usize / size_of::<u64>();

/// Bytes from its start to message register 0.
pub(crate) const ASIDE_MR0: usize = FIELDS * size_of::<u64>();

impl<const WORDS: usize> Aside<WORDS> {
    /// A message to be sent.
    pub(crate) const fn new(mr: [u64; WORDS]) -> Self {
        Self {
            fields: [0; FIELDS],
            mr,
        }
    }

    /// The message registers: what was sent, or what came for it.
    pub(crate) fn words(&self) -> &[u64; WORDS] {
        &self.mr
    }

    /// Messages of `me` come from here and go here, up to [`end`]; `acceptor` says what may come. The home CPU.
    ///
    /// # Safety
    /// `self` stays where it is until that end, and is looked at only when nobody sends to `me`.
    #[inline(always)]
    pub(crate) unsafe fn begin(&mut self, me: Owned, acceptor: Acceptor) {
        debug_assert!(WORDS > 0);
        let start: *mut u64 = core::ptr::from_mut(self).cast();
        // SAFETY: message register 0 lies in `self`.
        let mr0 = unsafe { start.add(FIELDS) };
        // SAFETY: a message touches no register beyond the room of `me`, and no field but those that are here; by contract the
        // memory stays.
        let here = unsafe { UtcbRef::new(mr0) };
        here.set(Field::BR0, acceptor.raw());
        me.message.set(here);
        me.room.set((WORDS - 1) as u8);
    }
}

/// Messages of `me` come from its UTCB again, which may be another one than before. Its home CPU.
pub(crate) fn end(me: Owned) {
    me.message.set(me.utcb.get());
    me.room.set(MESSAGE_ROOM);
}
