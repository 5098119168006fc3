//! What all threads of the program share. Statics are the same memory in every space.
//!
//! Most words have one writer: the worker that the entry is about, or, while that is dead, the thread that deleted it.

use core::sync::atomic::{
    AtomicBool, AtomicU32, AtomicU64, AtomicUsize,
    Ordering::{AcqRel, Acquire, Relaxed, Release},
};

use l4::{ThreadId, clock};
use stress::letter::Style;
use stress::mix::{Kind, Mix};
use stress::pair::Pair;
use stress::plan::{self, MOST_WORKERS, Worker};
use stress::wrong::{What, Wrong};

/// How far the end of the run has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u32)]
pub(crate) enum Stage {
    /// Everybody works.
    Work,
    /// Nobody interferes any more.
    Calm,
    /// Clients stop.
    ClientsStop,
    /// Everybody stops.
    AllStop,
}

/// The run.
pub(crate) struct Run {
    pub(crate) seed: AtomicU64,
    pub(crate) cpus: AtomicUsize,
    mix: AtomicU32,
    stage: AtomicU32,
}

/// The run's facts.
pub(crate) static RUN: Run = Run {
    seed: AtomicU64::new(0),
    cpus: AtomicUsize::new(1),
    mix: AtomicU32::new(0),
    stage: AtomicU32::new(Stage::Work as u32),
};

impl Run {
    /// Whether the end has come as far as `stage`.
    pub(crate) fn has_come_to(&self, stage: Stage) -> bool {
        self.stage.load(Acquire) >= stage as u32
    }

    /// Brings the end nearer.
    pub(crate) fn come_to(&self, stage: Stage) {
        self.stage.store(stage as u32, Release);
    }

    /// Which kinds of work there are.
    pub(crate) fn mix(&self) -> Mix {
        Mix::from_bits(self.mix.load(Relaxed))
    }

    /// Before anybody works.
    pub(crate) fn set_mix(&self, mix: Mix) {
        self.mix.store(mix.bits(), Release);
    }

    /// What messages look like.
    pub(crate) fn style(&self) -> Style {
        Style {
            seed: self.seed.load(Relaxed),
            long: self.mix().has(Kind::Long),
        }
    }

    /// Number of workers.
    pub(crate) fn workers(&self) -> usize {
        plan::workers(self.cpus.load(Relaxed))
    }

    /// What is fixed about worker `index`.
    pub(crate) fn worker(&self, index: usize) -> Worker {
        plan::worker(index, self.cpus.load(Relaxed))
    }
}

/// Aborts of one kind: begun before the system call, done after it. Equal: none is under way.
pub(crate) struct Aborts {
    pub(crate) begun: AtomicU64,
    pub(crate) done: AtomicU64,
    /// When the last one was done, in microseconds.
    done_at: AtomicU64,
}

impl Aborts {
    const fn new() -> Self {
        Self {
            begun: AtomicU64::new(0),
            done: AtomicU64::new(0),
            done_at: AtomicU64::new(0),
        }
    }

    /// Carries out `abort` and notes when.
    pub(crate) fn count<R>(&self, abort: impl FnOnce() -> R) -> R {
        self.begun.fetch_add(1, AcqRel);
        let result = abort();
        self.done_at.fetch_max(clock::micros(), AcqRel);
        self.done.fetch_add(1, AcqRel);
        result
    }

    /// Whether one may have struck since that time, in microseconds.
    pub(crate) fn after(&self, micros: u64) -> bool {
        let done = self.done.load(Acquire);
        self.begun.load(Acquire) != done || self.done_at.load(Acquire) >= micros
    }

    /// Whether one may have struck since [`Self::done`] was `before`.
    pub(crate) fn since(&self, before: u64) -> bool {
        self.begun.load(Acquire) != before
    }
}

/// A worker.
pub(crate) struct Slot {
    /// Global id of the living thread; nil while there is none to talk to.
    pub(crate) id: AtomicU64,
    /// Its local id.
    pub(crate) local: AtomicU64,
    /// Version in the id of the last thread that was started.
    pub(crate) version: AtomicU64,
    /// It runs its own code, so it may be aborted.
    pub(crate) alive: AtomicBool,
    /// It is through.
    pub(crate) finished: AtomicBool,
    /// It was deleted and its last messages are not accounted for.
    pub(crate) dead: AtomicBool,
    /// Operations begun.
    pub(crate) rounds: AtomicU64,
    /// The operation under way, see [`Doing`].
    pub(crate) doing: AtomicU64,
    /// The request that it waits for the answer to without a limit, see [`crate::operation::ticket`], or 0.
    pub(crate) ticket: AtomicU64,
    /// Aborted receives before that.
    pub(crate) ticket_aborts: AtomicU64,
    /// Aborts of its sends.
    pub(crate) send_aborts: Aborts,
    /// Aborts of its receives.
    pub(crate) receive_aborts: Aborts,
    /// Versions up to this one have been or are being deleted.
    pub(crate) dying: AtomicU64,
    /// When that began, in microseconds.
    pub(crate) dying_at: AtomicU64,
    /// Versions up to this one are deleted.
    pub(crate) buried: AtomicU64,
    /// When that was, in microseconds.
    pub(crate) buried_at: AtomicU64,
    /// Rounds of the worker that it was sending to when it was deleted.
    pub(crate) partner_rounds: AtomicU64,
    /// Tag of the last message that came to it, and who sent it, or the error code if it was cut.
    pub(crate) last: [AtomicU64; 2],
    /// Counts for the report.
    pub(crate) counts: Counts,
}

/// What a worker counts.
pub(crate) struct Counts {
    pub(crate) messages: AtomicU64,
    pub(crate) timeouts: AtomicU64,
    pub(crate) cancels: AtomicU64,
    pub(crate) gone: AtomicU64,
    pub(crate) crossed: AtomicU64,
    pub(crate) transfers: AtomicU64,
    pub(crate) cuts: AtomicU64,
}

impl Slot {
    const fn new() -> Self {
        Self {
            id: AtomicU64::new(0),
            local: AtomicU64::new(0),
            version: AtomicU64::new(0),
            alive: AtomicBool::new(false),
            finished: AtomicBool::new(false),
            dead: AtomicBool::new(false),
            rounds: AtomicU64::new(0),
            doing: AtomicU64::new(0),
            ticket: AtomicU64::new(0),
            ticket_aborts: AtomicU64::new(0),
            send_aborts: Aborts::new(),
            receive_aborts: Aborts::new(),
            dying: AtomicU64::new(0),
            dying_at: AtomicU64::new(0),
            buried: AtomicU64::new(0),
            buried_at: AtomicU64::new(0),
            partner_rounds: AtomicU64::new(0),
            last: [const { AtomicU64::new(0) }; 2],
            counts: Counts {
                messages: AtomicU64::new(0),
                timeouts: AtomicU64::new(0),
                cancels: AtomicU64::new(0),
                gone: AtomicU64::new(0),
                crossed: AtomicU64::new(0),
                transfers: AtomicU64::new(0),
                cuts: AtomicU64::new(0),
            },
        }
    }

    /// The living thread, if there is one.
    pub(crate) fn thread(&self) -> Option<ThreadId> {
        let id = ThreadId::from_raw(self.id.load(Acquire));
        (!id.is_nil()).then_some(id)
    }

    /// Whether the thread that had this version has been or is being deleted.
    pub(crate) fn dies(&self, version: u32) -> bool {
        u64::from(version) <= self.dying.load(Acquire)
    }

    /// Whether a thread of it has been or is being deleted since that time, in microseconds.
    pub(crate) fn died_after(&self, micros: u64) -> bool {
        let buried = self.buried.load(Acquire);
        self.dying.load(Acquire) != buried || self.dying_at.load(Acquire) >= micros
    }

    /// Whether its last thread is deleted and was not followed by another one.
    pub(crate) fn is_buried(&self) -> bool {
        self.buried.load(Acquire) == self.version.load(Acquire)
    }

    /// The operation under way.
    pub(crate) fn doing(&self) -> Doing {
        Doing(self.doing.load(Acquire))
    }
}

/// Adds one to a word that only the caller writes.
pub(crate) fn count(word: &AtomicU64) {
    word.store(word.load(Relaxed) + 1, Release);
}

/// An operation as a word: bits 0-7 target + 1, bit 8 receives, bit 9 waits for anybody without a limit,
/// bit 10 is under way, bit 11 strings may be on their way, bits 16-41 number of the message.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Doing(pub(crate) u64);

impl Doing {
    pub(crate) const NOTHING: Self = Self(0);

    /// The operation that sends message `sent.1` to worker `sent.0` if that is given, and then receives.
    pub(crate) fn new(sent: Option<(usize, u64)>, receives: bool, without_limit: bool) -> Self {
        let sent = sent.map_or(0, |(target, number)| number << 16 | (target as u64 + 1));
        Self(sent | u64::from(receives) << 8 | u64::from(without_limit) << 9 | 1 << 10)
    }

    /// Target and number of the message that it sends.
    pub(crate) fn sends(self) -> Option<(usize, u64)> {
        let target = (self.0 & 0xFF) as usize;
        (target > 0).then(|| (target - 1, self.0 >> 16))
    }

    /// As before, with strings.
    pub(crate) const fn with_strings(self) -> Self {
        Self(self.0 | 1 << 11)
    }

    pub(crate) fn has_strings(self) -> bool {
        self.0 & 1 << 11 != 0
    }

    pub(crate) fn receives(self) -> bool {
        self.0 & 1 << 8 != 0
    }

    pub(crate) fn waits_without_limit(self) -> bool {
        self.0 & 1 << 9 != 0
    }
}

/// All workers.
pub(crate) static SLOTS: [Slot; MOST_WORKERS] = [const { Slot::new() }; MOST_WORKERS];

/// The accounts: sender, receiver.
static PAIRS: [[Pair; MOST_WORKERS]; MOST_WORKERS] =
    [const { [const { Pair::new() }; MOST_WORKERS] }; MOST_WORKERS];

/// The account of messages from one worker to another.
pub(crate) fn pair(sender: usize, receiver: usize) -> &'static Pair {
    &PAIRS[sender][receiver]
}

/// The first wrong thing: claimed, then filled in, then published.
struct Failure {
    claimed: AtomicBool,
    published: AtomicBool,
    words: [AtomicU64; 4],
}

static FAILURE: Failure = Failure {
    claimed: AtomicBool::new(false),
    published: AtomicBool::new(false),
    words: [const { AtomicU64::new(0) }; 4],
};

/// Leaves what is wrong for the watching thread to find. Only the first one counts.
pub(crate) fn report(what: What, worker: usize, partner: Option<usize>, detail: u64) {
    if FAILURE.claimed.swap(true, Acquire) {
        return;
    }
    let wrong = Wrong {
        what,
        worker: worker as u64,
        partner: partner.map(|partner| partner as u64),
        detail,
    };
    for (word, value) in FAILURE.words.iter().zip(wrong.to_words()) {
        word.store(value, Relaxed);
    }
    FAILURE.published.store(true, Release);
}

/// The first wrong thing, if there is one.
pub(crate) fn failure() -> Option<Wrong> {
    if !FAILURE.published.load(Acquire) {
        return None;
    }
    Wrong::from_words([0, 1, 2, 3].map(|index: usize| FAILURE.words[index].load(Relaxed)))
}
