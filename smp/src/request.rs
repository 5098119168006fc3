//! The word in which two CPUs agree how a request ends.
//!
//! A thread has one request at a time. Its node travels from the home of the
//! thread (the *asker's* CPU) to the home of the partner, may wait there in the
//! partner's send queue, and ends in one of two ways: it comes back carrying an
//! answer, or, for a request that may be completed silently, the partner's CPU
//! sets DELIVERED and the node is the asker's again without a message. Whoever
//! has the node at the moment is its *holder*.
//!
//! The asker's CPU may want the request to end early, or want to hear of its
//! end. Both sides change the one word of the request, always by an atomic
//! read-modify-write, so that each sees what the other did first:
//!
//! ```text
//!                            dequeue (holder)
//!                   +------------------------------+
//!          begin    v       enqueue (holder)       |
//!  at home -----> FLYING ----------------------> QUEUED on cpu
//!     ^ ^           | |                            |
//!     | |  deliver_ | | demand(Timeout|Abort|Kill) | demand(Timeout|Abort|Kill)
//!     | |  silently | | = Outstanding              | = Recall(cpu)
//!     | |           | v                            v
//!     | +-----------+ FLYING, cancelled          QUEUED, cancelled
//!     |   DELIVERED     |                          |
//!     +-----------------+--------------------------+
//!       answer of the holder     answer of the CANCEL on that cpu
//! ```
//!
//! A cancelled request that flies is answered by the CPU that takes it next. One
//! that was queued is answered by the CANCEL node that the asker's CPU sends to
//! where it was queued, and by nobody else: `dequeue` fails from then on. So there
//! is exactly one answer, a CANCEL never finds nothing, and it never has to chase
//! a request. Any demand forbids silent completion; [`Reason::Behind`] does only that.

use crate::atomics::{AtomicU64, Ordering};
use crate::cpuset::Cpu;

const DEMAND: u64 = 1 << 0;
const DELIVERED: u64 = 1 << 1;
const QUEUED: u64 = 1 << 2;
const TIMEOUT: u64 = 1 << 3;
const ABORT: u64 = 1 << 4;
const KILL: u64 = 1 << 5;
const CANCELLED: u64 = TIMEOUT | ABORT | KILL;
const CPU_SHIFT: u32 = 16;
const CPU_MASK: u64 = 0xffff << CPU_SHIFT;
const ROUND_SHIFT: u32 = 32;

/// Why the asker's CPU demands an answer; a later one outranks an earlier one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// Somebody waits behind the asker, or it is to move: the request may go on, but not end silently.
    Behind,
    /// The send timeout is over.
    Timeout,
    /// The operation was cancelled by `ExchangeRegisters`.
    Abort,
    /// The asker is being deleted.
    Kill,
}

impl Reason {
    const fn bits(self) -> u64 {
        match self {
            Self::Behind => DEMAND,
            Self::Timeout => DEMAND | TIMEOUT,
            Self::Abort => DEMAND | ABORT,
            Self::Kill => DEMAND | KILL,
        }
    }
}

/// What the asker's CPU learns by a demand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[must_use]
pub enum Demand {
    /// The request was completed silently: its node is free, and the asker is in its receive phase.
    Delivered,
    /// The request is out, and its node will come back with an answer.
    Outstanding,
    /// As `Outstanding`; to bring it about, send the asker's CANCEL node to this CPU.
    Recall(Cpu),
}

/// A value of the word, and what each side makes of it; pure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct Word(u64);

impl Word {
    /// The word of the asker's next request.
    #[inline]
    #[must_use]
    pub const fn begun(self) -> Self {
        Self((self.0 >> ROUND_SHIFT).wrapping_add(1) << ROUND_SHIFT)
    }

    /// Whether nobody has demanded anything, not even that the request end with an answer.
    #[inline]
    #[must_use]
    pub const fn is_undemanded(self) -> bool {
        self.0 & DEMAND == 0
    }

    /// The number of the request, counting from 1 and wrapping; for checks and traces.
    #[inline]
    #[must_use]
    pub const fn round(self) -> u32 {
        (self.0 >> ROUND_SHIFT) as u32
    }

    /// Whether the request was completed silently.
    #[inline]
    #[must_use]
    pub const fn is_delivered(self) -> bool {
        self.0 & DELIVERED != 0
    }

    /// The CPU that has the request in a send queue, or had it there when it was cancelled.
    #[inline]
    #[must_use]
    pub const fn queued_on(self) -> Option<Cpu> {
        if self.0 & QUEUED == 0 {
            None
        } else {
            Some(Cpu(((self.0 & CPU_MASK) >> CPU_SHIFT) as u16))
        }
    }

    /// The strongest reason to end the request without delivery, if there is one.
    #[inline]
    #[must_use]
    pub const fn cancelled(self) -> Option<Reason> {
        if self.0 & CANCELLED == 0 {
            None
        } else if self.0 & KILL != 0 {
            Some(Reason::Kill)
        } else if self.0 & ABORT != 0 {
            Some(Reason::Abort)
        } else {
            Some(Reason::Timeout)
        }
    }

    /// [`Request::demand`] as a function.
    #[inline]
    pub const fn demanded(self, reason: Reason) -> (Self, Demand) {
        let first_cancel = self.0 & CANCELLED == 0 && reason.bits() & CANCELLED != 0;
        let demand = match self.queued_on() {
            _ if self.is_delivered() => Demand::Delivered,
            Some(cpu) if first_cancel => Demand::Recall(cpu),
            _ => Demand::Outstanding,
        };
        (Self(self.0 | reason.bits()), demand)
    }

    /// [`Request::enqueue`] as a function.
    #[inline]
    #[must_use]
    pub const fn enqueued(self, cpu: Cpu) -> Option<Self> {
        let place = QUEUED | (cpu.0 as u64) << CPU_SHIFT;
        if self.0 & CANCELLED == 0 {
            Some(Self(self.0 | place))
        } else {
            None
        }
    }

    /// [`Request::dequeue`] as a function.
    #[inline]
    #[must_use]
    pub const fn dequeued(self) -> Option<Self> {
        if self.0 & CANCELLED == 0 {
            Some(Self(self.0 & !(QUEUED | CPU_MASK)))
        } else {
            None
        }
    }

    /// [`Request::deliver_silently`] as a function.
    #[inline]
    #[must_use]
    pub const fn delivered_silently(self) -> Option<Self> {
        if self.0 & DEMAND == 0 {
            Some(Self(self.0 | DELIVERED))
        } else {
            None
        }
    }
}

/// The request word of a thread.
#[derive(Debug)]
pub struct Request {
    word: AtomicU64,
}

impl Default for Request {
    fn default() -> Self {
        Self::new()
    }
}

impl Request {
    /// The word of a thread that never asked.
    #[cfg(not(loom))]
    #[must_use]
    pub const fn new() -> Self {
        Self {
            word: AtomicU64::new(0),
        }
    }

    /// The word of a thread that never asked.
    #[cfg(loom)]
    #[must_use]
    pub fn new() -> Self {
        Self {
            word: AtomicU64::new(0),
        }
    }

    /// Starts a request; asker's CPU, with all nodes of the asker at home.
    ///
    /// Returns its number. The push of the node publishes it.
    #[inline]
    pub fn begin(&self) -> u32 {
        let word = self.look().begun();
        self.word.store(word.0, Ordering::Relaxed);
        word.round()
    }

    /// The word as it is now. What precedes a DELIVERED seen here is visible.
    #[inline]
    #[must_use]
    pub fn look(&self) -> Word {
        Word(self.word.load(Ordering::Acquire))
    }

    /// Demands that the request end with an answer; asker's CPU, while it is out.
    ///
    /// With a reason other than [`Reason::Behind`] it also asks for an early end. May be
    /// repeated with stronger reasons; only one demand of a request returns
    /// [`Demand::Recall`], so the one CANCEL node suffices.
    #[inline]
    pub fn demand(&self, reason: Reason) -> Demand {
        Word(self.word.fetch_or(reason.bits(), Ordering::AcqRel))
            .demanded(reason)
            .1
    }

    /// Says that the node is about to wait in a send queue of `cpu`; holder, before it links the node.
    ///
    /// False: the request was cancelled. The holder answers it, and must not queue it.
    #[inline]
    #[must_use]
    pub fn enqueue(&self, cpu: Cpu) -> bool {
        self.change(|word| word.enqueued(cpu))
    }

    /// Takes the request back from its queue, to deliver, refuse or forward it; holder.
    ///
    /// False: the request was cancelled and its CANCEL is on the way to this CPU. The
    /// holder unlinks the node and does nothing else; the CANCEL will answer.
    #[inline]
    #[must_use]
    pub fn dequeue(&self) -> bool {
        self.change(Word::dequeued)
    }

    /// Completes the request without an answer; holder, after it has copied the message.
    ///
    /// True: the node is the asker's, do not touch it again. False: there was a demand,
    /// send the answer.
    #[inline]
    #[must_use]
    pub fn deliver_silently(&self) -> bool {
        self.change(Word::delivered_silently)
    }

    /// As [`Request::deliver_silently`], for a holder that has seen that nobody [demanded](Word::is_undemanded) anything.
    #[inline]
    #[must_use]
    pub fn deliver_silently_as(&self, seen: Word) -> bool {
        debug_assert!(seen.is_undemanded());
        // While the holder has it, nothing but a demand changes the word.
        self.word
            .compare_exchange(
                seen.0,
                seen.0 | DELIVERED,
                Ordering::AcqRel,
                Ordering::Relaxed,
            )
            .is_ok()
    }

    #[inline]
    fn change(&self, step: impl Fn(Word) -> Option<Word>) -> bool {
        let mut old = self.word.load(Ordering::Relaxed);
        loop {
            // A refusal is read from a possibly old value, but flags are only added while
            // the request is out: what was refused once stays refused.
            let Some(new) = step(Word(old)) else {
                return false;
            };
            match self
                .word
                .compare_exchange_weak(old, new.0, Ordering::AcqRel, Ordering::Relaxed)
            {
                Ok(_) => return true,
                Err(now) => old = now,
            }
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests;
