//! Times and timeouts (L4 X.2, time).

/// A 16-bit time: never, zero, a period, or a point in time.
///
/// Period: bits 0-9 mantissa m, bits 10-14 exponent e, bit 15 clear: m * 2^e microseconds.
/// Point: bit 15 set, bits 11-14 exponent, bit 10 carry, bits 0-9 mantissa.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[repr(transparent)]
pub struct Time(u16);

/// What a [`Time`] means.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TimeKind {
    /// No limit.
    Never,
    /// At once.
    Zero,
    /// A span of time from now on.
    Period {
        /// Length in microseconds, 0 to 1023 * 2^31.
        micros: u64,
    },
    /// A point in time, as the raw word.
    Point(u16),
}

impl Time {
    /// Wait without limit.
    pub const NEVER: Self = Self(0);
    /// Do not wait.
    pub const ZERO: Self = Self(0x0400);
    /// The longest period, 1023 * 2^31 microseconds (about 25 days).
    pub const LONGEST: Self = Self(0x7FFF);
    /// Bit that tells a point from a period.
    pub const POINT: u16 = 0x8000;

    /// The longest period that is expressible and not longer than `micros` microseconds; 0 gives [`Self::ZERO`].
    ///
    /// The error is below one part in 512; what is longer than [`Self::LONGEST`] becomes that.
    #[inline]
    pub const fn period(micros: u64) -> Self {
        if micros == 0 {
            return Self::ZERO;
        }
        let bits = 64 - micros.leading_zeros();
        let exponent = bits.saturating_sub(10);
        if exponent > 31 {
            return Self::LONGEST;
        }
        Self((exponent << 10) as u16 | (micros >> exponent) as u16)
    }

    /// A time as it came in a word.
    #[inline]
    pub const fn from_raw(raw: u16) -> Self {
        Self(raw)
    }

    /// The 16 bits.
    #[inline]
    pub const fn raw(self) -> u16 {
        self.0
    }

    /// What the time means. A period with mantissa 0 other than never and zero is a period of 0 microseconds.
    #[inline]
    pub const fn kind(self) -> TimeKind {
        match self {
            Self::NEVER => TimeKind::Never,
            Self::ZERO => TimeKind::Zero,
            Self(point) if point & Self::POINT != 0 => TimeKind::Point(point),
            Self(period) => TimeKind::Period {
                micros: ((period & 0x3FF) as u64) << (period >> 10),
            },
        }
    }
}

/// Send and receive timeout in one word: bits 16-31 send, bits 0-15 receive.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[repr(transparent)]
pub struct Timeouts(u64);

impl Timeouts {
    /// Both without limit.
    pub const NEVER: Self = Self(0);

    /// A pair of timeouts.
    #[inline]
    pub const fn new(send: Time, recv: Time) -> Self {
        Self((send.0 as u64) << 16 | recv.0 as u64)
    }

    /// Timeouts as they came in a register; bits 32-63 are ignored.
    #[inline]
    pub const fn from_raw(raw: u64) -> Self {
        Self(raw)
    }

    /// The word as it goes into a register.
    #[inline]
    pub const fn raw(self) -> u64 {
        self.0
    }

    /// The send timeout.
    #[inline]
    pub const fn send(self) -> Time {
        Time((self.0 >> 16) as u16)
    }

    /// The receive timeout.
    #[inline]
    pub const fn recv(self) -> Time {
        Time(self.0 as u16)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn raw_values() {
        for (micros, raw) in [
            (1_000_000, 0x2BD0),
            (500_000, 0x27D0),
            (5_000_000, 0x3662),
            (30_000_000, 0x3F93),
        ] {
            assert_eq!(Time::period(micros).raw(), raw);
        }
        assert_eq!(
            Time::period(1_000_000).kind(),
            TimeKind::Period { micros: 999_424 }
        );
        assert_eq!(Timeouts::new(Time::ZERO, Time::NEVER).raw(), 0x0400_0000);
        assert_eq!(Timeouts::new(Time::NEVER, Time::ZERO).raw(), 0x400);
        assert_eq!(Timeouts::from_raw(0xFFFF_FFFF_0400_0001).send(), Time::ZERO);
        assert_eq!(
            Timeouts::from_raw(0xFFFF_FFFF_0400_0001).recv(),
            Time::from_raw(1)
        );
    }

    #[test]
    fn borders() {
        assert_eq!(
            (Time::NEVER.kind(), Time::ZERO.kind()),
            (TimeKind::Never, TimeKind::Zero)
        );
        assert_eq!(Time::period(0), Time::ZERO);
        assert_eq!(Time::period(1023).raw(), 0x3FF);
        assert_eq!(Time::period(1024).raw(), 0x600);
        assert_eq!(Time::period(1023 << 31), Time::LONGEST);
        assert_eq!(Time::period(1 << 41), Time::LONGEST);
        assert_eq!(Time::period(u64::MAX), Time::LONGEST);
        assert_eq!(Time::from_raw(0x800).kind(), TimeKind::Period { micros: 0 });
        assert_eq!(Time::from_raw(0x8000).kind(), TimeKind::Point(0x8000));
    }

    /// Every encodable period comes back as itself or as a shorter spelling of the same length.
    #[test]
    fn every_period_round_trips() {
        let step = if cfg!(miri) { 97 } else { 1 };
        for raw in (1u16..0x8000).step_by(step) {
            let TimeKind::Period { micros } = Time::from_raw(raw).kind() else {
                assert_eq!(raw, Time::ZERO.raw());
                continue;
            };
            let again = Time::period(micros);
            match again.kind() {
                TimeKind::Zero => assert_eq!(micros, 0),
                kind => assert_eq!(kind, TimeKind::Period { micros }),
            }
            assert!(
                raw & 0x3FF < 512 && raw >= 1024 || again.raw() == raw,
                "{raw:#x}"
            );
        }
    }

    #[test]
    fn a_period_is_at_most_a_512th_short() {
        let mut micros = 1u64;
        while micros < 1 << 40 {
            let TimeKind::Period { micros: got } = Time::period(micros).kind() else {
                panic!("{micros}")
            };
            assert!(
                got <= micros && micros - got <= micros / 512,
                "{micros} became {got}"
            );
            micros = micros * 5 / 4 + 1;
        }
    }
}
