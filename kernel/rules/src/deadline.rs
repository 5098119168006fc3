//! Until when a thread waits (L4 X.2, time).

use pecan_abi::time::{Time, TimeKind};

/// A deadline that is never reached.
pub const NEVER: u64 = u64::MAX;

/// The moment at which `time` has passed, if it is `now`; both in microseconds since boot.
///
/// [`NEVER`] for no limit; otherwise below it. Zero gives `now`. A point in time can lie in the past.
#[inline]
pub const fn absolute(time: Time, now: u64) -> u64 {
    let micros = match time.kind() {
        TimeKind::Never => return NEVER,
        TimeKind::Zero => 0,
        TimeKind::Period { micros } => micros,
        TimeKind::Point(raw) => return point(raw, now),
    };
    let deadline = now.saturating_add(micros);
    if deadline == NEVER {
        NEVER - 1
    } else {
        deadline
    }
}

/// When a transfer that has met a fault has to be over, and who wanted it so.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Transfer {
    /// The moment; [`NEVER`] for no limit.
    pub deadline: u64,
    /// The receiver's timeout is the shorter one; otherwise it is the sender's that counts.
    pub receivers: bool,
}

/// The shorter of the transfer timeouts of sender and receiver, for a transfer that meets its first fault `now` (L4 X.2,
/// transfer timeouts).
#[inline]
pub const fn transfer(sender: Time, receiver: Time, now: u64) -> Transfer {
    let (sender, receiver) = (absolute(sender, now), absolute(receiver, now));
    let receivers = receiver < sender;
    Transfer {
        deadline: if receivers { receiver } else { sender },
        receivers,
    }
}

/// A point replaces the low 10 + e bits of the clock by m * 2^e. Bit 10 + e of the result is c: if the clock's differs, the
/// point lies in the next stretch of 2^(10 + e) microseconds.
const fn point(raw: u16, now: u64) -> u64 {
    let (mantissa, carry, exponent) = (
        raw as u64 & 0x3FF,
        raw as u64 >> 10 & 1,
        raw as u64 >> 11 & 0xF,
    );
    let stretch = exponent + 10;
    let skip = now >> stretch & 1 ^ carry;
    let number = (now >> stretch).saturating_add(skip);
    let start = number.saturating_mul(1 << stretch);
    let deadline = start.saturating_add(mantissa << exponent);
    if deadline == NEVER {
        NEVER - 1
    } else {
        deadline
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_of_time() {
        assert_eq!(absolute(Time::NEVER, 5), NEVER);
        assert_eq!(absolute(Time::ZERO, 5), 5);
        assert_eq!(absolute(Time::period(1_000_000), 5), 999_429);
        assert_eq!(
            absolute(Time::from_raw(0x0800), 5),
            5,
            "a period of 0 ends now"
        );
    }

    #[test]
    fn far_is_not_never() {
        let last = NEVER - 1;
        for time in [Time::ZERO, Time::LONGEST, Time::from_raw(0xFBFF)] {
            assert_eq!(absolute(time, NEVER), last, "{time:?}");
        }
        assert_eq!(absolute(Time::LONGEST, NEVER - 1000), last);
        assert_eq!(absolute(Time::LONGEST, 1), (1023 << 31) + 1);
    }

    #[test]
    fn the_shorter_transfer_timeout_counts() {
        let (short, long) = (Time::period(100), Time::period(1000));
        for (sender, receiver, deadline, receivers) in [
            (Time::NEVER, Time::NEVER, NEVER, false),
            (Time::ZERO, Time::ZERO, 5, false),
            (Time::ZERO, Time::NEVER, 5, false),
            (Time::NEVER, Time::ZERO, 5, true),
            (short, long, 105, false),
            (long, short, 105, true),
            (short, short, 105, false),
        ] {
            let expected = Transfer {
                deadline,
                receivers,
            };
            assert_eq!(transfer(sender, receiver, 5), expected);
        }
    }

    #[test]
    fn points() {
        let point = |carry: u16, exponent: u16, mantissa: u16| {
            Time::from_raw(0x8000 | exponent << 11 | carry << 10 | mantissa)
        };
        assert_eq!(absolute(point(0, 0, 100), 50), 100);
        assert_eq!(absolute(point(1, 0, 100), 50), 1024 + 100);
        assert_eq!(absolute(point(1, 0, 100), 1024 + 50), 1024 + 100);
        assert_eq!(absolute(point(0, 0, 100), 1024 + 50), 2048 + 100);
        assert_eq!(absolute(point(0, 0, 10), 50), 10, "past");
        assert_eq!(absolute(point(0, 3, 100), 5 * 16384 + 1), 5 * 16384 + 800);
        assert_eq!(absolute(point(1, 15, 1023), 0), (1 << 25) + (1023 << 15));
    }
}
