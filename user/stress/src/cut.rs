//! A message that went over in part. Both sides are told, each from its own point of view; here are both in one.

use l4::{IpcCode, IpcError, Phase};

use crate::random::mix;

/// Why it was cut, as the sender sees it, and after how many bytes of its strings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    /// The sender's code.
    pub code: IpcCode,
    /// Bytes that went over.
    pub offset: u64,
}

impl Cut {
    /// What one side was told, if its message had begun to go over.
    #[must_use]
    pub const fn told(error: IpcError) -> Option<Self> {
        let code = match (error.code, error.phase) {
            (IpcCode::Timeout | IpcCode::NonExisting | IpcCode::Cancelled, _) => return None,
            (IpcCode::XferTimeoutOwn, Phase::Receive) => IpcCode::XferTimeoutPartner,
            (IpcCode::XferTimeoutPartner, Phase::Receive) => IpcCode::XferTimeoutOwn,
            (code, _) => code,
        };
        Some(Self {
            code,
            offset: error.offset,
        })
    }

    /// A word for the books, never 0: that stands for a whole message.
    #[must_use]
    pub const fn stamp(self) -> u64 {
        mix(self.offset << 4 | self.code as u64) | 1
    }
}

#[cfg(test)]
mod tests {
    use super::Cut;
    use l4::{IpcCode, IpcError, Phase};

    fn told(phase: Phase, code: IpcCode, offset: u64) -> Option<u64> {
        Cut::told(IpcError {
            phase,
            code,
            offset,
        })
        .map(Cut::stamp)
    }

    #[test]
    fn both_sides_tell_the_same() {
        use IpcCode::{Aborted, Overflow, XferTimeoutOwn as Own, XferTimeoutPartner as Partners};
        for (sender, receiver) in [
            (Aborted, Aborted),
            (Overflow, Overflow),
            (Own, Partners),
            (Partners, Own),
        ] {
            let sent = told(Phase::Send, sender, 7);
            assert_eq!(sent, told(Phase::Receive, receiver, 7));
            assert_ne!(sent, told(Phase::Receive, receiver, 8));
        }
        assert_ne!(told(Phase::Send, Own, 7), told(Phase::Receive, Own, 7));
        assert_ne!(told(Phase::Send, Aborted, 0), Some(0));
    }

    #[test]
    fn what_never_began_was_not_cut() {
        for code in [IpcCode::Timeout, IpcCode::NonExisting, IpcCode::Cancelled] {
            assert_eq!(told(Phase::Send, code, 0), None);
            assert_eq!(told(Phase::Receive, code, 0), None);
        }
    }
}
