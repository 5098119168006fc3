//! What may be changed by whom (L4 X.2, Schedule).

use pecan_abi::error::SysError;
use pecan_abi::schedule::{self, PreemptionControl, TimeControl};

use crate::budget;

/// Who calls.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Caller {
    /// A thread of a privileged space: may do everything.
    pub privileged: bool,
    /// The scheduler of the thread that is to be changed.
    pub is_scheduler: bool,
    /// Its own priority.
    pub priority: u8,
}

/// What to change; `None` stays.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Change {
    /// Slice and total quantum, each in microseconds or [`budget::UNLIMITED`], at least 1.
    pub time: Option<(u64, u64)>,
    /// The processor.
    pub processor: Option<u16>,
    /// The priority.
    pub priority: Option<u8>,
    /// The longest delay of preemption in microseconds.
    pub max_delay: Option<u16>,
    /// The sensitive priority.
    pub sensitive: Option<u8>,
}

/// What the control words ask for: time, processor, priority, preemption. The thread has priority `own` now; there are
/// `processors` processors. A sensitive priority below the priority that the thread will have is none: it stays as it is.
///
/// Errors, in this order; then nothing is to be changed:
/// * `NoPrivilege`: the caller is neither privileged nor the scheduler; or it is not privileged and gives more than its own
///   priority, as priority or as sensitive priority.
/// * `InvalidThread`: slice or quantum is no period.
/// * `InvalidParameter`: no such processor.
pub fn change(
    words: [u64; 4],
    caller: Caller,
    own: u8,
    processors: usize,
) -> Result<Change, SysError> {
    if !caller.privileged && !caller.is_scheduler {
        return Err(SysError::NoPrivilege);
    }
    let [time, processor, priority, preemption] = words;
    let preemption = PreemptionControl::from_raw(preemption);
    let priority = schedule::priority(priority);
    let sensitive = preemption
        .map(|asked| asked.sensitive_priority)
        .filter(|sensitive| *sensitive >= priority.unwrap_or(own));
    let exceeds = |asked: Option<u8>| asked.is_some_and(|asked| asked > caller.priority);
    if !caller.privileged && (exceeds(priority) || exceeds(sensitive)) {
        return Err(SysError::NoPrivilege);
    }
    let processor = schedule::processor(processor);
    let change = Change {
        time: TimeControl::from_raw(time).map(lengths).transpose()?,
        processor,
        priority,
        max_delay: preemption.map(|asked| asked.max_delay),
        sensitive,
    };
    if processor.is_some_and(|processor| usize::from(processor) >= processors) {
        return Err(SysError::InvalidParameter);
    }
    Ok(change)
}

fn lengths(time: TimeControl) -> Result<(u64, u64), SysError> {
    match (budget::length(time.slice), budget::length(time.quantum)) {
        (Some(slice), Some(quantum)) => Ok((slice, quantum)),
        _ => Err(SysError::InvalidThread),
    }
}
