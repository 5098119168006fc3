//! Where a thread belongs, where it visits, and where it goes next; pure.
//!
//! A thread moves because it was told to live elsewhere, or because it visits its partner with a message that may take long.
//!
//! ```text
//!              told(there)                     left
//!   at home ---------------> to move ----------------------------> at home, there
//!      |  ^                                                            ^
//!      |  | departure = Never: its send phase has ended before         | left
//!      v  |                                                            |
//!   sets out --------------> on its way ---------> visits -----------> to go home
//!     visit           left     ^        arrived      |     departure = Now
//!                              +---------------------+
//!                             visit: the partner, which has moved, waits for it
//! ```
//!
//! Only its home changes the travel of a thread, and for a visitor that is the CPU it visits.

use crate::cpuset::Cpu;

/// Where a thread is to go, and to where it will return; nowhere at first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct Travel {
    next: Option<Cpu>,
    away_from: Option<Cpu>,
}

/// What a thread that is to leave its CPU is in the midst of, as its home sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Engaged {
    /// Nothing that others have a part in: it can run, or waits for a message.
    Nothing,
    /// Its send phase: in a queue here, or on its way to the partner.
    Sending,
    /// Something of it is out: its request, even after a `demand(Behind)`, or a control request.
    Lent,
    /// A transfer; the other half of it is here, too.
    Transfer,
}

/// Whether a thread leaves its CPU.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[must_use]
pub enum Departure {
    /// For that CPU, at once. From its send phase it leaves the queue, and meets its partner where it arrives.
    Now(Cpu),
    /// Not yet: the end of what it is in the midst of tries again.
    Later,
    /// Not at all: it is where it belongs, and has nowhere to go.
    Never,
}

impl Travel {
    /// At home, with nowhere to go.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            next: None,
            away_from: None,
        }
    }

    /// Where the thread goes when nothing keeps it.
    #[inline]
    #[must_use]
    pub const fn next(self) -> Option<Cpu> {
        self.next
    }

    /// Where the thread belongs, if it visits another CPU, is on its way there, or is setting out.
    #[inline]
    #[must_use]
    pub const fn away_from(self) -> Option<Cpu> {
        self.away_from
    }

    /// Told, on CPU `here`, to live on CPU `there` from now on. A visitor goes there afterwards.
    #[must_use]
    pub fn told(self, here: Cpu, there: Cpu) -> Self {
        match self.away_from {
            // It is about to leave with its message, and will be back.
            Some(home) if home == here && here == there => self,
            _ if here == there => Self::default(),
            away_from => Self {
                next: Some(there),
                away_from: away_from.map(|_| there),
            },
        }
    }

    /// Is to go from CPU `here` to CPU `there` with its message, and afterwards to where it was told to live.
    #[must_use]
    pub fn visit(self, here: Cpu, there: Cpu) -> Self {
        Self {
            next: Some(there),
            away_from: self.away_from.or(self.next).or(Some(here)),
        }
    }

    /// Whether a thread on CPU `here` that is engaged so leaves.
    #[inline]
    pub fn departure(self, here: Cpu, engaged: Engaged) -> Departure {
        let Some(next) = self.next else {
            return Departure::Never;
        };
        match engaged {
            Engaged::Lent | Engaged::Transfer => Departure::Later,
            // It was setting out, and its send phase has ended.
            Engaged::Nothing if self.away_from == Some(here) => Departure::Never,
            Engaged::Nothing | Engaged::Sending => Departure::Now(next),
        }
    }

    /// Has left for CPU `there`.
    #[must_use]
    pub fn left(self, there: Cpu) -> Self {
        Self {
            next: None,
            away_from: self.away_from.filter(|home| *home != there),
        }
    }

    /// Has arrived in its send phase. A visitor stays no longer than it has to.
    #[must_use]
    pub const fn arrived(self) -> Self {
        Self {
            next: self.away_from,
            ..self
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::{Departure, Engaged, Travel};
    use crate::cpuset::Cpu;

    const A: Cpu = Cpu(0);
    const B: Cpu = Cpu(1);
    const C: Cpu = Cpu(2);

    fn visiting_b() -> Travel {
        Travel::default().visit(A, B).left(B).arrived()
    }

    #[test]
    fn a_visitor_goes_home() {
        let sets_out = Travel::default().visit(A, B);
        assert_eq!(
            sets_out.departure(A, Engaged::Sending),
            Departure::Now(B),
            "with its message"
        );
        assert_eq!(sets_out.left(B).away_from(), Some(A));
        assert_eq!(visiting_b().departure(B, Engaged::Lent), Departure::Later);
        assert_eq!(
            visiting_b().departure(B, Engaged::Nothing),
            Departure::Now(A)
        );
        assert_eq!(visiting_b().left(A), Travel::default());
        let followed = visiting_b().visit(B, C).left(C).arrived();
        assert_eq!(followed, visiting_b(), "the partner had moved");
        assert_eq!(
            visiting_b().visit(B, A).left(A).arrived(),
            Travel::default(),
            "the partner had come"
        );
    }

    #[test]
    fn a_visitor_that_has_not_left_leaves_only_with_its_message() {
        let sets_out = Travel::default().visit(A, B);
        assert_eq!(sets_out.departure(A, Engaged::Nothing), Departure::Never);
        assert_eq!(sets_out.told(A, A), sets_out, "it is at home");
        let moved = sets_out.told(A, C);
        assert_eq!(moved.departure(A, Engaged::Nothing), Departure::Now(C));
        assert_eq!(moved.left(C), Travel::default());
    }

    #[test]
    fn the_last_word_counts() {
        let moved = Travel::default().told(A, B).told(A, C);
        assert_eq!(moved.departure(A, Engaged::Nothing), Departure::Now(C));
        assert_eq!(moved.told(A, A), Travel::default());
        assert_eq!(visiting_b().told(B, C).next(), Some(C));
        assert_eq!(visiting_b().told(B, C).left(C), Travel::default());
        assert_eq!(visiting_b().told(B, B), Travel::default(), "it lives here");
        let goes_on = Travel::default().told(A, C).visit(A, B).left(B);
        assert_eq!(goes_on.arrived().next(), Some(C), "before it could leave");
    }
}
