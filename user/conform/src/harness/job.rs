//! One IPC with everything said: done by the calling thread, or by a worker that reports what came
//! of it.

use core::sync::atomic::{
    AtomicU64, AtomicUsize,
    Ordering::{Acquire, Relaxed, Release, SeqCst},
};

use l4::thread::Builder;
use l4::{Tag, ThreadId, Time, Timeouts, syscall, utcb};

use super::{Failure, Outcome, hex, raw, until, worker};

/// An IPC to be done.
#[derive(Clone, Copy)]
pub(crate) struct Job {
    to: u64,
    from: u64,
    timeouts: Timeouts,
    acceptor: u64,
    speaker: u64,
    mr: [u64; 64],
}

/// What came of it.
#[derive(Clone, Copy)]
pub(crate) struct Done {
    /// Who sent; meaningless after an error or without a receive phase.
    pub(crate) from: ThreadId,
    /// ErrorCode; [`raw::UNTOUCHED`] if the kernel left it alone.
    pub(crate) error: u64,
    /// Kernel time that it took, microseconds.
    pub(crate) micros: u64,
    /// ActualSender; [`raw::UNTOUCHED`], or the virtual sender named before, if the kernel left it alone.
    pub(crate) actual: u64,
    /// IntendedReceiver; [`raw::UNTOUCHED`] if the kernel left it alone.
    pub(crate) intended: u64,
    /// The message registers, tag first.
    pub(crate) mr: [u64; 64],
}

impl Job {
    /// To and from whom. Never times out, an empty message.
    pub(crate) const fn new(to: ThreadId, from: ThreadId) -> Self {
        let (to, from) = (to.raw(), from.raw());
        Self {
            to,
            from,
            timeouts: Timeouts::NEVER,
            acceptor: 0,
            speaker: raw::UNTOUCHED,
            mr: [0; 64],
        }
    }

    /// Only a send phase.
    pub(crate) const fn send(to: ThreadId) -> Self {
        Self::new(to, ThreadId::NIL)
    }

    /// Only a receive phase.
    pub(crate) const fn receive(from: ThreadId) -> Self {
        Self::new(ThreadId::NIL, from)
    }

    /// A call.
    pub(crate) const fn call(to: ThreadId) -> Self {
        Self::new(to, to)
    }

    /// Sets the timeouts of both phases.
    pub(crate) const fn within(mut self, send: Time, receive: Time) -> Self {
        self.timeouts = Timeouts::new(send, receive);
        self
    }

    /// Sets the raw tag.
    pub(crate) const fn tag(mut self, tag: u64) -> Self {
        self.mr[0] = tag;
        self
    }

    /// Sets the tag for `count` untyped words and a label, and the words to `first`, `first` + 1, ...
    pub(crate) fn words(mut self, label: u64, count: usize, first: u64) -> Self {
        self.mr[0] = Tag::new(label, count, 0).raw();
        for (index, word) in self.mr[1..].iter_mut().take(count).enumerate() {
            *word = first + index as u64;
        }
        self
    }

    /// Puts words into the message registers from `index` on; the tag stays.
    pub(crate) fn registers(mut self, index: usize, words: &[u64]) -> Self {
        self.mr[index..index + words.len()].copy_from_slice(words);
        self
    }

    /// Sets BR0.
    pub(crate) const fn accepting(mut self, acceptor: u64) -> Self {
        self.acceptor = acceptor;
        self
    }

    /// Sends for `speaker`: sets the tag's flag (after [`Self::words`] or [`Self::tag`]) and VirtualSender.
    pub(crate) const fn speaking_for(mut self, speaker: ThreadId) -> Self {
        self.speaker = speaker.raw();
        self.mr[0] |= Tag::PROPAGATED;
        self
    }

    /// Does it now, in the calling thread.
    pub(crate) fn now(&self) -> Done {
        let utcb = utcb::my();
        for (index, word) in self.mr.iter().enumerate() {
            utcb.set_mr(index, *word);
        }
        utcb.set_error_code(raw::UNTOUCHED);
        utcb.set_virtual_sender(ThreadId::from_raw(self.speaker));
        raw::set_intended_receiver(raw::UNTOUCHED);
        // SAFETY: windows of tests cover nothing of Rust's.
        unsafe { utcb.set_br(0, self.acceptor) };
        let start = l4::clock::micros();
        // SAFETY: the calling thread's own UTCB; for the acceptor see above.
        let from = unsafe { syscall::ipc(self.to, self.from, self.timeouts.raw(), utcb.mr0()) };
        let micros = l4::clock::micros() - start;
        // SAFETY: accepts nothing.
        unsafe { utcb.set_br(0, 0) };
        let mr = core::array::from_fn(|index| utcb.mr(index));
        Done {
            from: ThreadId::from_raw(from),
            error: utcb.error_code(),
            micros,
            actual: utcb.virtual_sender().raw(),
            intended: utcb.intended_receiver().raw(),
            mr,
        }
    }

    /// Lets a worker of this plan do it.
    #[track_caller]
    pub(crate) fn start(self, plan: Builder) -> Result<Started, Failure> {
        let slot = NEXT.fetch_add(1, SeqCst) % SLOTS;
        store(
            slot,
            [
                self.to,
                self.from,
                self.timeouts.raw(),
                self.acceptor,
                self.speaker,
            ],
            &self.mr,
        );
        let id = worker::start(plan, carry_out, slot as u64)?;
        Ok(Started { id, slot })
    }
}

impl Done {
    /// The tag.
    pub(crate) fn tag(&self) -> Tag {
        Tag::from_raw(self.mr[0])
    }

    /// Fails if the IPC did.
    #[track_caller]
    pub(crate) fn ok(&self) -> Outcome {
        if self.tag().is_error() {
            let [tag, error] = [self.mr[0], self.error];
            return Err(Failure::new(format_args!(
                "IPC failed: tag {tag:#x} error {error:#x}"
            )));
        }
        Ok(())
    }

    /// Fails unless the IPC failed with this ErrorCode and a tag of only the error flag.
    #[track_caller]
    pub(crate) fn bare_error(&self, error: u64) -> Outcome {
        self.error_with_tag(error, 0)
    }

    /// Fails unless the IPC failed with this ErrorCode and `tag` with the error flag in MR0.
    #[track_caller]
    pub(crate) fn error_with_tag(&self, error: u64, tag: u64) -> Outcome {
        hex("tag", self.mr[0], tag | Tag::ERROR)?;
        hex("ErrorCode", self.error, error)
    }

    /// Fails unless a message of [`Job::words`] arrived; `flags` are the tag's flags expected.
    #[track_caller]
    pub(crate) fn carries(&self, label: u64, count: usize, first: u64, flags: u64) -> Outcome {
        hex("tag", self.mr[0], Tag::new(label, count, 0).raw() | flags)?;
        for (index, word) in self.mr[1..].iter().take(count).enumerate() {
            if *word != first + index as u64 {
                let mr = index + 1;
                return Err(Failure::new(format_args!(
                    "MR{mr} of {count} words is {word:#x}"
                )));
            }
        }
        Ok(())
    }
}

const SLOTS: usize = 128;
const WORDS: usize = 72;
const STATE: usize = 70;

static TABLE: [[AtomicU64; WORDS]; SLOTS] = [const { [const { AtomicU64::new(0) }; WORDS] }; SLOTS];
static NEXT: AtomicUsize = AtomicUsize::new(0);

fn store(slot: usize, head: [u64; 5], mr: &[u64; 64]) {
    let words = head.iter().chain(mr);
    for (target, word) in TABLE[slot].iter().zip(words) {
        target.store(*word, Relaxed);
    }
    TABLE[slot][STATE].store(0, Release);
}

fn load(slot: usize) -> ([u64; 5], [u64; 64]) {
    let word = |index: usize| TABLE[slot][index].load(Relaxed);
    (
        core::array::from_fn(word),
        core::array::from_fn(|index| word(index + 5)),
    )
}

fn carry_out(slot: u64) {
    let slot = slot as usize;
    let ([to, from, timeouts, acceptor, speaker], mr) = load(slot);
    TABLE[slot][STATE].store(1, Release);
    let done = Job {
        to,
        from,
        timeouts: Timeouts::from_raw(timeouts),
        acceptor,
        speaker,
        mr,
    }
    .now();
    let from = done.from.raw();
    let head = [from, done.error, done.micros, done.actual, done.intended];
    store(slot, head, &done.mr);
    TABLE[slot][STATE].store(2, Release);
}

/// A job in the hands of a worker.
#[derive(Clone, Copy)]
pub(crate) struct Started {
    /// The worker.
    pub(crate) id: ThreadId,
    slot: usize,
}

impl Started {
    /// Is it done?
    pub(crate) fn is_done(&self) -> bool {
        TABLE[self.slot][STATE].load(Acquire) == 2
    }

    /// What came of it, when it is done.
    #[track_caller]
    pub(crate) fn result(&self) -> Result<Done, Failure> {
        until("the end of a worker's IPC", || self.is_done())?;
        let ([from, error, micros, actual, intended], mr) = load(self.slot);
        Ok(Done {
            from: ThreadId::from_raw(from),
            error,
            micros,
            actual,
            intended,
            mr,
        })
    }
}
