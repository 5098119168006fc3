//! How an operation may end.

use l4::abi::time::TimeKind;
use l4::{IpcCode, IpcError, Phase, Time};

/// What one phase of an operation had to reckon with.
#[derive(Clone, Copy, Debug)]
pub struct Stakes {
    /// How long it may wait for its partner.
    pub limit: Time,
    /// How long this thread lets the strings of the phase take.
    pub transfer: Time,
    /// The message may have strings.
    pub strings: bool,
    /// Somebody aborted such phases of this thread during the operation.
    pub cancelled: bool,
    /// Somebody aborted the partner's phase, or deleted the partner, or may have: what is on its way then ends for both.
    pub disturbed: bool,
    /// The partner, and no other would do, has been or is being deleted.
    pub died: bool,
}

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// As it may.
    Allowed,
    /// As it must not.
    Forbidden,
    /// By a timeout that was not over yet.
    TooEarly,
}

/// Whether `error` may be the end of an operation that took `micros` microseconds. `send` and `receive` are its phases,
/// if it has them.
#[must_use]
pub fn judge(
    error: IpcError,
    send: Option<Stakes>,
    receive: Option<Stakes>,
    micros: u64,
) -> Verdict {
    let phase = match error.phase {
        Phase::Send => send,
        Phase::Receive => receive,
    };
    let Some(stakes) = phase else {
        return Verdict::Forbidden;
    };
    if error.offset != 0 && !stakes.strings {
        return Verdict::Forbidden;
    }
    match error.code {
        IpcCode::Timeout if error.offset == 0 => timeout(stakes.limit, micros),
        IpcCode::Cancelled if error.offset == 0 && stakes.cancelled => Verdict::Allowed,
        IpcCode::NonExisting if error.offset == 0 && stakes.died => Verdict::Allowed,
        // Where it may overflow is for the receiver to say.
        IpcCode::Overflow if stakes.strings => Verdict::Allowed,
        IpcCode::XferTimeoutOwn if stakes.strings => timeout(stakes.transfer, micros),
        // The partner says whether that was over.
        IpcCode::XferTimeoutPartner if stakes.strings => Verdict::Allowed,
        IpcCode::Aborted if stakes.strings && (stakes.cancelled || stakes.disturbed) => {
            Verdict::Allowed
        }
        _ => Verdict::Forbidden,
    }
}

const fn timeout(limit: Time, elapsed: u64) -> Verdict {
    match limit.kind() {
        TimeKind::Zero => Verdict::Allowed,
        TimeKind::Period { micros } if elapsed >= micros => Verdict::Allowed,
        TimeKind::Period { .. } => Verdict::TooEarly,
        TimeKind::Never | TimeKind::Point(_) => Verdict::Forbidden,
    }
}

#[cfg(test)]
mod tests {
    use super::{Stakes, Verdict, judge};
    use l4::{IpcCode, IpcError, Phase, Time};

    const CALM: Stakes = Stakes {
        limit: Time::NEVER,
        transfer: Time::NEVER,
        strings: false,
        cancelled: false,
        disturbed: false,
        died: false,
    };
    const LONG: Stakes = Stakes {
        strings: true,
        ..CALM
    };
    const CODES: [IpcCode; 7] = [
        IpcCode::Timeout,
        IpcCode::NonExisting,
        IpcCode::Cancelled,
        IpcCode::Overflow,
        IpcCode::XferTimeoutOwn,
        IpcCode::XferTimeoutPartner,
        IpcCode::Aborted,
    ];

    /// The codes that are allowed in a phase that reckons with `stakes`, while the other one is calm.
    fn allowed(phase: Phase, stakes: Stakes, offset: u64) -> Vec<IpcCode> {
        let (send, receive) = match phase {
            Phase::Send => (stakes, CALM),
            Phase::Receive => (CALM, stakes),
        };
        let verdict = |phase, code| {
            let error = IpcError {
                phase,
                code,
                offset,
            };
            judge(error, Some(send), Some(receive), 1000)
        };
        let other = match phase {
            Phase::Send => Phase::Receive,
            Phase::Receive => Phase::Send,
        };
        for code in CODES {
            assert_eq!(verdict(other, code), Verdict::Forbidden);
        }
        let fine = |code: &IpcCode| verdict(phase, *code) == Verdict::Allowed;
        CODES.into_iter().filter(fine).collect()
    }

    #[test]
    fn nothing_may_happen_without_a_reason() {
        for phase in [Phase::Send, Phase::Receive] {
            assert_eq!(allowed(phase, CALM, 0), []);
        }
    }

    #[test]
    fn each_reason_allows_its_codes_in_its_phase() {
        use IpcCode::{
            Aborted, Cancelled, NonExisting, Overflow, Timeout, XferTimeoutOwn, XferTimeoutPartner,
        };
        let zero = Time::ZERO;
        let cases: [(Stakes, &[IpcCode]); 9] = [
            (
                Stakes {
                    limit: zero,
                    ..CALM
                },
                &[Timeout],
            ),
            (Stakes { died: true, ..CALM }, &[NonExisting]),
            (
                Stakes {
                    cancelled: true,
                    ..CALM
                },
                &[Cancelled],
            ),
            (
                Stakes {
                    disturbed: true,
                    ..CALM
                },
                &[],
            ),
            (
                Stakes {
                    transfer: zero,
                    ..CALM
                },
                &[],
            ),
            (LONG, &[Overflow, XferTimeoutPartner]),
            (
                Stakes {
                    transfer: zero,
                    ..LONG
                },
                &[Overflow, XferTimeoutOwn, XferTimeoutPartner],
            ),
            (
                Stakes {
                    disturbed: true,
                    ..LONG
                },
                &[Overflow, XferTimeoutPartner, Aborted],
            ),
            (
                Stakes {
                    cancelled: true,
                    ..LONG
                },
                &[Cancelled, Overflow, XferTimeoutPartner, Aborted],
            ),
        ];
        for (stakes, expected) in cases {
            for phase in [Phase::Send, Phase::Receive] {
                assert_eq!(allowed(phase, stakes, 0), expected, "{stakes:?}");
            }
        }
    }

    #[test]
    fn only_what_has_begun_has_an_offset() {
        let stakes = Stakes {
            limit: Time::ZERO,
            cancelled: true,
            died: true,
            ..LONG
        };
        let began = [
            IpcCode::Overflow,
            IpcCode::XferTimeoutPartner,
            IpcCode::Aborted,
        ];
        assert_eq!(allowed(Phase::Send, stakes, 5), began);
        let short = Stakes {
            strings: false,
            ..stakes
        };
        assert_eq!(allowed(Phase::Send, short, 5), []);
    }

    #[test]
    fn a_phase_that_is_not_there_cannot_fail() {
        let stakes = Stakes {
            cancelled: true,
            died: true,
            ..LONG
        };
        for code in CODES {
            let error = IpcError::new(Phase::Send, code);
            assert_eq!(judge(error, None, Some(stakes), 1000), Verdict::Forbidden);
        }
    }

    #[test]
    fn timeouts_last_their_time() {
        let stakes = Stakes {
            limit: Time::period(500),
            transfer: Time::period(500),
            ..LONG
        };
        for code in [IpcCode::Timeout, IpcCode::XferTimeoutOwn] {
            let error = IpcError::new(Phase::Receive, code);
            let judged = |micros| judge(error, None, Some(stakes), micros);
            assert_eq!(judged(499), Verdict::TooEarly);
            assert_eq!(judged(500), Verdict::Allowed);
        }
    }
}
