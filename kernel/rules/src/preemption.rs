//! May the running thread go on? (L4 X.2, preemption and delayed preemption.)
//!
//! A thread is preempted when its time slice is used up, or when a thread that outranks it becomes ready. Either can be
//! *held off* while the thread says in its UTCB that it delays preemption, and has some of its allowance left: then equals and
//! those up to its sensitive priority wait. The allowance is spent tick by tick while somebody waits, and comes back when the
//! thread gives way by ThreadSwitch. A total quantum that is used up is never held off.

/// How long a thread may hold off others, and whom.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Allowance {
    longest: u16,
    left: u16,
    sensitive: u8,
}

impl Allowance {
    /// No delay, and a sensitive priority that is the thread's own: what a new thread has.
    pub const NONE: Self = Self {
        longest: 0,
        left: 0,
        sensitive: 0,
    };

    /// A whole allowance of `longest` microseconds. With `sensitive` also the sensitive priority changes.
    #[inline]
    #[must_use]
    pub const fn with(self, longest: u16, sensitive: Option<u8>) -> Self {
        Self {
            longest,
            left: longest,
            sensitive: match sensitive {
                Some(sensitive) => sensitive,
                None => self.sensitive,
            },
        }
    }

    /// `micros` less. What does not last until the next tick lasts until then.
    #[inline]
    #[must_use]
    pub fn spend(self, micros: u64) -> Self {
        let micros = u16::try_from(micros).unwrap_or(u16::MAX);
        Self {
            left: self.left.saturating_sub(micros),
            ..self
        }
    }

    /// Whole again.
    #[inline]
    #[must_use]
    pub const fn refill(self) -> Self {
        Self {
            left: self.longest,
            ..self
        }
    }

    /// Was some of it spent?
    #[inline]
    pub const fn is_used(self) -> bool {
        self.left != self.longest
    }

    /// Is some of it left?
    #[inline]
    pub const fn is_left(self) -> bool {
        self.left != 0
    }

    /// The priority up to which others can be held off by a thread of priority `own`: never below that.
    #[inline]
    pub fn sensitive(self, own: u8) -> u8 {
        self.sensitive.max(own)
    }
}

/// The thread that runs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Holder {
    /// Its priority.
    pub priority: u8,
    /// The priority of who donated the slice that it runs on.
    pub donor: Option<u8>,
    /// Is its slice used up?
    pub slice_over: bool,
    /// Does it want to delay preemption?
    pub delays: bool,
    /// How long it may.
    pub allowance: Allowance,
}

impl Holder {
    /// The priority that others must exceed to take the processor from it. A donated slice is worth what it was worth to
    /// the donor.
    #[inline]
    pub fn standing(self) -> u8 {
        match self.donor {
            Some(donor) if !self.slice_over => self.priority.max(donor),
            _ => self.priority,
        }
    }
}

/// What becomes of the thread that runs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// It goes on: nobody may have the processor instead.
    Runs,
    /// It goes on, but its preemption is pending.
    Held,
    /// It is preempted.
    Preempted,
}

/// May `holder` go on, if the most urgent ready thread has priority `contender`?
#[inline]
pub fn verdict(holder: Holder, contender: u8) -> Verdict {
    if contender <= holder.standing() && !holder.slice_over {
        return Verdict::Runs;
    }
    let can_hold = holder.delays && holder.allowance.is_left();
    if can_hold && contender <= holder.allowance.sensitive(holder.priority) {
        Verdict::Held
    } else {
        Verdict::Preempted
    }
}
