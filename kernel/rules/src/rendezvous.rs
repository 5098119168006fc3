//! Does a receiver take a sender? (L4 X.2, IPC, FromSpecifier.)
//!
//! Whom a thread waits for is one word: the raw id it gave as FromSpecifier (a global id, any, or any local), or 0 while it
//! does not wait. So the question costs one compare in the common case of a closed receive.

use pecan_abi::id::ThreadId;

/// Whom a thread waits for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Wait {
    /// It does not wait for a message.
    None,
    /// Anybody.
    Any,
    /// Anybody of its own address space.
    AnyLocal,
    /// The thread with this raw global id.
    From(u64),
}

impl Wait {
    /// The word that says so. [`Self::From`] with a special id says what that id says.
    #[inline]
    pub const fn word(self) -> u64 {
        match self {
            Self::None => ThreadId::NIL.raw(),
            Self::Any => ThreadId::ANY.raw(),
            Self::AnyLocal => ThreadId::ANY_LOCAL.raw(),
            Self::From(id) => id,
        }
    }

    /// What a word says.
    #[inline]
    pub const fn from_word(word: u64) -> Self {
        match ThreadId::from_raw(word) {
            ThreadId::NIL => Self::None,
            ThreadId::ANY => Self::Any,
            ThreadId::ANY_LOCAL => Self::AnyLocal,
            id => Self::From(id.raw()),
        }
    }
}

/// Does a thread that waits as `wait_word` says take a message from the thread with the raw global id `sender`, which is in
/// the same address space if `same_space`? A propagated message is taken if this holds for the virtual or the real sender.
#[inline]
pub const fn accepts(wait_word: u64, sender: u64, same_space: bool) -> bool {
    wait_word == sender
        || wait_word == ThreadId::ANY.raw()
        || (same_space && wait_word == ThreadId::ANY_LOCAL.raw())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SENDER: ThreadId = ThreadId::global(60, 1);

    #[test]
    fn words_round_trip() {
        for wait in [
            Wait::None,
            Wait::Any,
            Wait::AnyLocal,
            Wait::From(SENDER.raw()),
        ] {
            assert_eq!(Wait::from_word(wait.word()), wait);
        }
        assert_eq!(Wait::None.word(), 0);
    }

    #[test]
    fn who_is_taken() {
        let (id, other) = (SENDER.raw(), ThreadId::global(60, 2).raw());
        for (wait, same_space, other_space) in [
            (Wait::None, false, false),
            (Wait::Any, true, true),
            (Wait::AnyLocal, true, false),
            (Wait::From(id), true, true),
            (Wait::From(other), false, false),
        ] {
            assert_eq!(accepts(wait.word(), id, true), same_space, "{wait:?}");
            assert_eq!(accepts(wait.word(), id, false), other_space, "{wait:?}");
        }
    }
}
