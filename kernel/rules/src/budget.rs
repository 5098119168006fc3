//! How much time a thread has: slices and total quanta (L4 X.2, Schedule).
//!
//! Both are microseconds that are spent tick by tick. A tick is spent whole by the thread that it finds running, so an amount
//! lasts until the first tick at which nothing is left of it.

use pecan_abi::time::{Time, TimeKind};

/// An amount that is never used up.
pub const UNLIMITED: u64 = u64::MAX;

/// The slice or quantum that `time` asks for: never is [`UNLIMITED`], a period that many microseconds, but at least one.
/// `None`: neither.
#[inline]
pub const fn length(time: Time) -> Option<u64> {
    match time.kind() {
        TimeKind::Never => Some(UNLIMITED),
        TimeKind::Period { micros: 0 } => Some(1),
        TimeKind::Period { micros } => Some(micros),
        TimeKind::Zero | TimeKind::Point(_) => None,
    }
}

/// What is left of `left` after `micros`. [`UNLIMITED`] stays.
#[inline]
pub const fn spend(left: u64, micros: u64) -> u64 {
    if left == UNLIMITED {
        UNLIMITED
    } else {
        left.saturating_sub(micros)
    }
}

/// What a thread keeps of the time that it ran on, when it loses the processor: no more than its own slice is long. So time
/// that a partner lent it with a message is used up then, and nobody keeps a longer slice than it has.
#[inline]
pub const fn kept(left: u64, own_slice: u64) -> u64 {
    if left < own_slice { left } else { own_slice }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths() {
        assert_eq!(length(Time::NEVER), Some(UNLIMITED));
        assert_eq!(length(Time::ZERO), None);
        assert_eq!(length(Time::from_raw(Time::POINT)), None);
        assert_eq!(length(Time::period(4_000)), Some(4_000));
        assert_eq!(
            length(Time::from_raw(0x800)),
            Some(1),
            "a period of nothing"
        );
        assert!(length(Time::LONGEST).is_some_and(|longest| longest < UNLIMITED));
    }

    #[test]
    fn spending() {
        assert_eq!(spend(UNLIMITED, 1_000_000), UNLIMITED);
        assert_eq!(spend(1, 1000), 0);
        assert_eq!(spend(1001, 1000), 1);
        assert_eq!(kept(UNLIMITED, 2_000), 2_000);
        assert_eq!(kept(500, 2_000), 500);
        assert_eq!(kept(UNLIMITED, UNLIMITED), UNLIMITED);
    }
}
