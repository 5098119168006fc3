//! Control words and results of Schedule (L4 X.2, Schedule).

use crate::time::Time;

/// A control word that leaves everything as it is.
pub const UNCHANGED: u64 = u64::MAX;

/// Time slice and total quantum: bits 16-31 slice, bits 0-15 quantum.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TimeControl {
    /// Length of the time slice.
    pub slice: Time,
    /// Total quantum; [`Time::NEVER`] is unlimited.
    pub quantum: Time,
}

impl TimeControl {
    /// The control word.
    #[inline]
    pub const fn raw(self) -> u64 {
        (self.slice.raw() as u64) << 16 | self.quantum.raw() as u64
    }

    /// What a control word asks for; `None` leaves both unchanged. Bits 32-63 are ignored.
    #[inline]
    pub const fn from_raw(raw: u64) -> Option<Self> {
        if raw == UNCHANGED {
            return None;
        }
        Some(Self {
            slice: Time::from_raw((raw >> 16) as u16),
            quantum: Time::from_raw(raw as u16),
        })
    }
}

/// The processor control word that moves a thread to `processor`.
#[inline]
pub const fn processor_control(processor: u16) -> u64 {
    processor as u64
}

/// The processor that a control word names in bits 0-15; `None` leaves it unchanged. The number is not checked.
#[inline]
pub const fn processor(raw: u64) -> Option<u16> {
    if raw == UNCHANGED {
        None
    } else {
        Some(raw as u16)
    }
}

/// The priority control word that sets `priority`.
#[inline]
pub const fn priority_control(priority: u8) -> u64 {
    priority as u64
}

/// The priority that a control word names in bits 0-7; `None` (bit 8 set, as in all ones) leaves it unchanged.
#[inline]
pub const fn priority(raw: u64) -> Option<u8> {
    if raw & 0x100 != 0 {
        None
    } else {
        Some(raw as u8)
    }
}

/// Delayed preemption: bits 0-15 longest delay, bits 16-23 sensitive priority.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PreemptionControl {
    /// Longest delay in microseconds.
    pub max_delay: u16,
    /// Priority up to which others are kept off while preemption is delayed.
    pub sensitive_priority: u8,
}

impl PreemptionControl {
    /// The control word.
    #[inline]
    pub const fn raw(self) -> u64 {
        (self.sensitive_priority as u64) << 16 | self.max_delay as u64
    }

    /// What a control word asks for; `None` leaves both unchanged.
    #[inline]
    pub const fn from_raw(raw: u64) -> Option<Self> {
        if raw == UNCHANGED {
            return None;
        }
        Some(Self {
            max_delay: raw as u16,
            sensitive_priority: (raw >> 16) as u8,
        })
    }
}

/// Result of Schedule: what the thread was doing before the call took effect.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[repr(u64)]
pub enum ThreadState {
    /// The call failed.
    Error = 0,
    /// Dead, or created and not yet active.
    Dead = 1,
    /// Halted.
    Inactive = 2,
    /// Running or ready to run.
    Running = 3,
    /// Waiting to send.
    PendingSend = 4,
    /// In the middle of sending a message.
    Sending = 5,
    /// Waiting to receive.
    Waiting = 6,
    /// In the middle of receiving a message.
    Receiving = 7,
}

impl ThreadState {
    /// The state with this number.
    #[inline]
    pub const fn from_raw(raw: u64) -> Option<Self> {
        Some(match raw {
            0 => Self::Error,
            1 => Self::Dead,
            2 => Self::Inactive,
            3 => Self::Running,
            4 => Self::PendingSend,
            5 => Self::Sending,
            6 => Self::Waiting,
            7 => Self::Receiving,
            _ => return None,
        })
    }
}

/// The old time control that Schedule returns: plain microseconds, bits 16-63 what is left of the slice, bits 0-15 of the
/// quantum's low bits.
#[inline]
pub const fn old_time_control(slice_micros: u64, quantum_micros: u64) -> u64 {
    slice_micros << 16 | quantum_micros & 0xFFFF
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_words() {
        let time = TimeControl {
            slice: Time::period(1_000_000),
            quantum: Time::NEVER,
        };
        assert_eq!(time.raw(), 0x2BD0_0000);
        assert_eq!(TimeControl::from_raw(time.raw()), Some(time));
        assert_eq!(TimeControl::from_raw(UNCHANGED), None);
        assert_eq!(
            (processor(processor_control(7)), processor(UNCHANGED)),
            (Some(7), None)
        );
        assert_eq!(
            (priority(priority_control(255)), priority(0)),
            (Some(255), Some(0))
        );
        assert_eq!((priority(UNCHANGED), priority(0xFFFF)), (None, None));
        let preemption = PreemptionControl {
            max_delay: 500,
            sensitive_priority: 200,
        };
        assert_eq!(preemption.raw(), 0xC8_01F4);
        assert_eq!(
            PreemptionControl::from_raw(preemption.raw()),
            Some(preemption)
        );
        assert_eq!(PreemptionControl::from_raw(UNCHANGED), None);
        assert_eq!(old_time_control(10_000, 0), 0x2710_0000);
    }

    #[test]
    fn states() {
        for raw in 0..8 {
            assert_eq!(ThreadState::from_raw(raw).map(|s| s as u64), Some(raw));
        }
        assert_eq!(ThreadState::from_raw(8), None);
        assert_eq!(ThreadState::Waiting as u64, 6);
    }
}
