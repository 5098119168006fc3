//! What a thread is doing, and where: one word.
//!
//! ```text
//!  63        32 31   16 15     0
//! +------------+-------+-------+     written by the home CPU only; from elsewhere it is a hint
//! |  home CPU  | sent  | state |     sent: to which CPU, while it is Moving
//! +------------+-------+-------+
//!
//! Free -> Inactive -> Waiting <-> Ready <-> Halted
//!                       ^ |  ^      |  ^
//!                       | v  |      v   \
//!                    Sending Asking Controlling  Locked     all -> Dying -> Free
//! ```

/// What a thread is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(crate) enum State {
    /// No thread in this slot.
    Free = 0,
    /// Created, but without a UTCB: it cannot run or receive.
    Inactive = 1,
    /// Running, or could run.
    Ready = 2,
    /// In the receive phase of an IPC.
    Waiting = 3,
    /// In the send phase, queued at a partner of this CPU.
    Sending = 4,
    /// In the send phase, its request is at another CPU.
    Asking = 5,
    /// In a system call that another CPU carries out, or waiting until other CPUs have dropped what was taken away.
    Controlling = 6,
    /// Stopped by ExchangeRegisters, or for want of an exception handler.
    Halted = 7,
    /// On its way to another CPU.
    Moving = 8,
    /// Deleted, but something it lent is still out.
    Dying = 9,
    /// In the middle of a message with strings, while its partner moves it or faults.
    Locked = 10,
}

impl State {
    /// The state in a home word.
    pub(super) fn from_word(word: u64) -> Self {
        match word as u16 {
            1 => Self::Inactive,
            2 => Self::Ready,
            3 => Self::Waiting,
            4 => Self::Sending,
            5 => Self::Asking,
            6 => Self::Controlling,
            7 => Self::Halted,
            8 => Self::Moving,
            9 => Self::Dying,
            10 => Self::Locked,
            _ => Self::Free,
        }
    }
}

/// The home word of a thread in `state` on CPU `cpu`.
pub(crate) const fn home_word(cpu: u16, state: State) -> u64 {
    (cpu as u64) << 32 | state as u64
}

/// The home word of a thread that has left CPU `cpu` for CPU `to`: one word, so that nobody reads half of one journey and half
/// of the next.
pub(super) const fn moving_word(cpu: u16, to: u16) -> u64 {
    home_word(cpu, State::Moving) | (to as u64) << 16
}

/// The CPU to which a thread with this home word was sent, if it is on its way.
pub(super) fn sent_to(word: u64) -> Option<u16> {
    (State::from_word(word) == State::Moving).then_some((word >> 16) as u16)
}

/// The CPU in a home word.
pub(super) const fn home_of(word: u64) -> u16 {
    (word >> 32) as u16
}
