//! What can be wrong, in words.

use core::fmt;

macro_rules! whats {
    ($($name:ident = $text:literal,)*) => {
        /// Something that must not happen. The text says what the detail of a [`Wrong`] is.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u64)]
        pub enum What {
            $(#[doc = $text] $name,)*
        }

        impl What {
            const ALL: &[(Self, &'static str)] = &[$((Self::$name, $text),)*];
        }
    };
}

whats! {
    UnknownLabel = "a message came with a label that nobody sends: label",
    Checksum = "a message came with a checksum that does not fit: label",
    Length = "a message came with another length than it was sent with: length that came",
    Altered = "a message was altered: index of the first wrong word",
    Item = "a message came with another string than it was sent with: its number in the message",
    Text = "a string came that was altered: where, in bytes, over all strings",
    Beside = "something was written beside a string: where, in bytes from the buffer's begin",
    Offset = "a message was cut at a place where it must not be: the error code",
    Disagree = "sender and receiver were told different things about cut messages: how many came",
    Flags = "a message came with typed words or flags that nobody sends: tag",
    Doubled = "a message came twice: its number",
    Reordered = "a message came after a later one: its number",
    NeverSent = "a message came that was never sent: its number",
    Lost = "a message was sent with success and never received: its number, or how many",
    Phantom = "a message was received whose sending had failed: its number, or how many",
    Impostor = "the kernel named another sender than the message does: the id it named",
    NotAsked = "a message came from somebody who was not to be received from: the id that the kernel named",
    Ghost = "a message came from a thread after its deletion was done: its id",
    CrossBit = "the tag says the wrong thing about where the sender lives: tag",
    Outcome = "an operation ended in a way that it must not: the error code",
    TooEarly = "a timeout was over before its time: microseconds that it took",
    Unanswered = "a caller that waits without a limit was not there for its answer: the number of its request",
    Sleep = "a sleep ended with a message: its tag",
    Registers = "the vector registers changed: what they hold",
    Home = "the thread runs on another CPU than it was placed on: the CPU",
    Hang = "a worker makes no progress: what it does",
    NotStarted = "a worker was started and does not run: its id",
    NotStopped = "a worker does not come to its end: what it does",
    Silence = "a thread that is no worker (and has that index among those) makes no progress: its id",
    Stale = "a page was written to that had been taken away from everybody: its address",
    Leak = "frames are missing when everybody is gone: how many",
    Left = "a thread is still there when everybody is gone: its number",
    Interrupt = "an interrupt did not come as it was asked for: the error code, or the tag",
    TooMany = "an interrupt came that nobody asked for: the tag",
    Accepted = "a system call did what it must not: which",
    Refused = "a system call was refused: the error code",
}

/// The first wrong thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// What it is.
    pub what: What,
    /// The worker that noticed it.
    pub worker: u64,
    /// The other worker, if there is one.
    pub partner: Option<u64>,
    /// More about it, see [`What`].
    pub detail: u64,
}

impl Wrong {
    /// As words, to be left where another thread finds it.
    #[must_use]
    pub fn to_words(self) -> [u64; 4] {
        let partner = self.partner.unwrap_or(u64::MAX);
        [self.what as u64, self.worker, partner, self.detail]
    }

    /// From words; `None` if they mean nothing.
    #[must_use]
    pub fn from_words([what, worker, partner, detail]: [u64; 4]) -> Option<Self> {
        let (what, _) = *What::ALL.get(usize::try_from(what).ok()?)?;
        Some(Self {
            what,
            worker,
            partner: (partner != u64::MAX).then_some(partner),
            detail,
        })
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = What::ALL[self.what as usize].1;
        write!(f, "worker {}", self.worker)?;
        if let Some(partner) = self.partner {
            write!(f, ", partner {partner}")?;
        }
        write!(f, ": {text} {:#x}", self.detail)
    }
}

#[cfg(test)]
mod tests {
    use super::{What, Wrong};

    #[test]
    fn words_and_back() {
        for (what, _) in What::ALL {
            for partner in [None, Some(7)] {
                let wrong = Wrong {
                    what: *what,
                    worker: 3,
                    partner,
                    detail: 99,
                };
                assert_eq!(Wrong::from_words(wrong.to_words()), Some(wrong));
            }
        }
        assert_eq!(Wrong::from_words([What::ALL.len() as u64, 0, 0, 0]), None);
    }

    #[test]
    fn says_what_it_is() {
        let wrong = Wrong {
            what: What::Lost,
            worker: 3,
            partner: Some(7),
            detail: 16,
        };
        let text = wrong.to_string();
        assert!(text.starts_with("worker 3, partner 7: a message was sent"));
        assert!(text.ends_with("0x10"));
    }
}
