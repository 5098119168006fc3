//! How an operation may end.

use l4::abi::time::TimeKind;
use l4::{IpcCode, IpcError, Phase, Time};

/// What an operation had to reckon with.
#[derive(Clone, Copy, Debug)]
pub struct Stakes {
    /// The limit of its send phase, if it has one.
    pub send: Option<Time>,
    /// The limit of its receive phase, if it has one.
    pub receive: Option<Time>,
    /// Somebody aborted sends of this thread during the operation.
    pub send_cancelled: bool,
    /// Somebody aborted receives of this thread during the operation.
    pub receive_cancelled: bool,
    /// The thread that it was sending to has been or is being deleted.
    pub target_died: bool,
    /// The thread that it was to receive from, and no other, has been or is being deleted.
    pub source_died: bool,
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

/// Whether `error` may be the end of an operation that took `micros` microseconds.
#[must_use]
pub const fn judge(error: IpcError, stakes: Stakes, micros: u64) -> Verdict {
    let (limit, cancelled, died) = match error.phase {
        Phase::Send => (stakes.send, stakes.send_cancelled, stakes.target_died),
        Phase::Receive => (stakes.receive, stakes.receive_cancelled, stakes.source_died),
    };
    let Some(limit) = limit else {
        return Verdict::Forbidden;
    };
    if error.offset != 0 {
        return Verdict::Forbidden;
    }
    match error.code {
        IpcCode::Timeout => timeout(limit, micros),
        IpcCode::Cancelled if cancelled => Verdict::Allowed,
        IpcCode::NonExisting if died => Verdict::Allowed,
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
        send: Some(Time::NEVER),
        receive: Some(Time::NEVER),
        send_cancelled: false,
        receive_cancelled: false,
        target_died: false,
        source_died: false,
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

    /// The codes that are allowed in each phase.
    fn allowed(stakes: Stakes) -> [Vec<IpcCode>; 2] {
        [Phase::Send, Phase::Receive].map(|phase| {
            let fine = |code: &IpcCode| {
                judge(IpcError::new(phase, *code), stakes, 1000) == Verdict::Allowed
            };
            CODES.into_iter().filter(fine).collect()
        })
    }

    #[test]
    fn nothing_may_happen_without_a_reason() {
        assert_eq!(allowed(CALM), [vec![], vec![]]);
    }

    #[test]
    fn each_reason_allows_one_code_in_its_phase() {
        let zero = Some(Time::ZERO);
        let (timeout, gone, cut) = (
            vec![IpcCode::Timeout],
            vec![IpcCode::NonExisting],
            vec![IpcCode::Cancelled],
        );
        let cases = [
            (Stakes { send: zero, ..CALM }, [timeout.clone(), vec![]]),
            (
                Stakes {
                    receive: zero,
                    ..CALM
                },
                [vec![], timeout],
            ),
            (
                Stakes {
                    target_died: true,
                    ..CALM
                },
                [gone.clone(), vec![]],
            ),
            (
                Stakes {
                    source_died: true,
                    ..CALM
                },
                [vec![], gone],
            ),
            (
                Stakes {
                    send_cancelled: true,
                    ..CALM
                },
                [cut.clone(), vec![]],
            ),
            (
                Stakes {
                    receive_cancelled: true,
                    ..CALM
                },
                [vec![], cut],
            ),
        ];
        for (stakes, expected) in cases {
            assert_eq!(allowed(stakes), expected, "{stakes:?}");
        }
    }

    #[test]
    fn a_phase_that_is_not_there_cannot_fail() {
        let stakes = Stakes {
            send: None,
            send_cancelled: true,
            target_died: true,
            ..CALM
        };
        assert_eq!(allowed(stakes)[0], []);
    }

    #[test]
    fn timeouts_last_their_time() {
        let stakes = Stakes {
            receive: Some(Time::period(500)),
            ..CALM
        };
        let error = IpcError::new(Phase::Receive, IpcCode::Timeout);
        assert_eq!(judge(error, stakes, 499), Verdict::TooEarly);
        assert_eq!(judge(error, stakes, 500), Verdict::Allowed);
    }
}
