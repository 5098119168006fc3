//! Points at which tests hold a processor of the debug kernel ([`crate::control::HOLD`]).
//!
//! Each lies between two steps that another processor could come between. One that is held does nothing at all: it takes no
//! interrupt and no message, as if the machine's firmware had taken it away at that moment.

/// Where a processor can be held.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[repr(u64)]
pub enum Point {
    /// A node is in another processor's mailbox; the interrupt for it is not sent yet.
    Pushed = 1,
    /// The mailbox is empty, and the processor still counts as one that looks at it; next it runs a thread.
    Drained = 2,
    /// Idle: the mailbox was empty at the last look; next the processor says that it halts.
    Polled = 3,
    /// Idle: the processor has said that it halts; next it does.
    Halting = 4,
    /// A thread's message to one that lives here, or did, has arrived and is not handled yet.
    Request = 5,
    /// A thread's wish to have its message back has arrived and is not handled yet.
    Cancel = 6,
    /// The end of a request of a thread that lives here has arrived and is not handled yet.
    Answer = 7,
    /// A system call on a thread that lives here, or did, has arrived and is not carried out yet.
    Control = 8,
    /// A thread that moves here has arrived, and nobody knows it yet.
    Arrive = 9,
    /// A message was delivered, or refused; its sender's processor is not told yet.
    Replying = 10,
    /// A thread says that it has left; it is on its way to no mailbox yet.
    Leaving = 11,
    /// A deleted thread has lent nothing any more; its number is not free yet.
    Finishing = 12,
    /// Pages were taken away; the processor has not looked yet who may still see them.
    Unmapped = 13,
}

impl Point {
    /// All points, by number less one.
    pub const ALL: [Self; 13] = [
        Self::Pushed,
        Self::Drained,
        Self::Polled,
        Self::Halting,
        Self::Request,
        Self::Cancel,
        Self::Answer,
        Self::Control,
        Self::Arrive,
        Self::Replying,
        Self::Leaving,
        Self::Finishing,
        Self::Unmapped,
    ];

    /// The point with this number.
    #[inline]
    pub const fn from_raw(raw: u64) -> Option<Self> {
        if raw >= 1 && raw <= Self::ALL.len() as u64 {
            Some(Self::ALL[raw as usize - 1])
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Point;

    #[test]
    fn numbers() {
        for (index, point) in Point::ALL.into_iter().enumerate() {
            assert_eq!(point as usize, index + 1);
            assert_eq!(Point::from_raw(point as u64), Some(point));
        }
        assert_eq!(Point::from_raw(0), None);
        assert_eq!(Point::from_raw(14), None);
    }
}
