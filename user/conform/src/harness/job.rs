//! One IPC with everything said: done by the calling thread, or by a worker that reports what came
//! of it.

use l4::thread::Builder;
use l4::{Acceptor, Tag, ThreadId, Time, Timeouts, syscall, utcb};

use super::{Failure, Outcome, hex, raw, until, worker};

pub(super) mod table;

use table::State;

/// An IPC to be done.
#[derive(Clone, Copy)]
pub(crate) struct Job {
    to: u64,
    from: u64,
    timeouts: Timeouts,
    acceptor: u64,
    xfer: Timeouts,
    speaker: u64,
    mr: [u64; 64],
    br: [u64; 32],
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
    /// The acceptor, and the buffer registers behind it.
    pub(crate) acceptor: u64,
    pub(crate) br: [u64; 32],
    /// XferTimeouts.
    pub(crate) xfer: Timeouts,
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
            xfer: Timeouts::NEVER,
            speaker: raw::UNTOUCHED,
            mr: [0; 64],
            br: [0; 32],
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

    /// Accepts strings into buffers: words for BR1 onwards.
    pub(crate) fn buffers(mut self, words: &[u64]) -> Self {
        self.acceptor |= Acceptor::STRINGS;
        self.br[..words.len()].copy_from_slice(words);
        self
    }

    /// Sets XferTimeouts.
    pub(crate) const fn xfer(mut self, send: Time, receive: Time) -> Self {
        self.xfer = Timeouts::new(send, receive);
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
        for (index, word) in self.br.iter().enumerate() {
            // SAFETY: buffers of tests are nothing of Rust's.
            unsafe { utcb.set_br(index + 1, *word) };
        }
        utcb.set_xfer_timeouts(self.xfer);
        utcb.set_error_code(raw::UNTOUCHED);
        utcb.set_virtual_sender(ThreadId::from_raw(self.speaker));
        raw::set_intended_receiver(raw::UNTOUCHED);
        // SAFETY: windows of tests cover nothing of Rust's.
        unsafe { utcb.set_br(0, self.acceptor) };
        let start = l4::clock::micros();
        // SAFETY: the calling thread's own UTCB; for the acceptor see above.
        let from = unsafe { syscall::ipc(self.to, self.from, self.timeouts.raw(), utcb.mr0()) };
        let micros = l4::clock::micros() - start;
        let acceptor = utcb.br(0);
        utcb.set_mr(0, worker::as_if_near(utcb.mr(0)));
        // SAFETY: accepts nothing.
        unsafe { utcb.set_br(0, 0) };
        Done {
            from: ThreadId::from_raw(from),
            error: utcb.error_code(),
            micros,
            actual: utcb.virtual_sender().raw(),
            intended: utcb.intended_receiver().raw(),
            mr: core::array::from_fn(|index| utcb.mr(index)),
            acceptor,
            br: core::array::from_fn(|index| utcb.br(index + 1)),
            xfer: utcb.xfer_timeouts(),
        }
    }

    /// Lets a worker of this plan do it.
    #[track_caller]
    pub(crate) fn start(self, plan: Builder) -> Result<Started, Failure> {
        let slot = self.post();
        let id = worker::start(plan, carry_out_warm, slot)?;
        table::own(slot, id.raw());
        Ok(Started { id, slot })
    }

    /// Writes it down for a thread that is going to [`carry_out`] it; where.
    pub(super) fn post(&self) -> u64 {
        let slot = table::fresh();
        let head = [
            self.to,
            self.from,
            self.timeouts.raw(),
            self.acceptor,
            self.xfer.raw(),
            self.speaker,
            0,
        ];
        table::store(slot, head, &self.mr, &self.br);
        slot
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

/// Whether a thread was made for a job, and if so, whether it has begun: from then on what it waits for is no page of its own.
pub(super) fn has_begun(thread: ThreadId) -> Option<bool> {
    table::state_of(thread.raw()).map(|state| state != State::Posted)
}

/// As [`carry_out`]; before it begins, the thread has all pages that it needs to do it.
fn carry_out_warm(slot: u64) {
    Job::new(ThreadId::NIL, ThreadId::NIL).now();
    carry_out(slot);
}

/// Does what is written down, in the calling thread, and writes down what came of it.
pub(super) fn carry_out(slot: u64) {
    let ([to, from, timeouts, acceptor, xfer, speaker, _], mr, br) = table::load(slot);
    table::set(slot, State::Begun);
    let job = Job {
        to,
        from,
        timeouts: Timeouts::from_raw(timeouts),
        acceptor,
        xfer: Timeouts::from_raw(xfer),
        speaker,
        mr,
        br,
    };
    let done = job.now();
    let head = [
        done.from.raw(),
        done.error,
        done.micros,
        done.acceptor,
        done.xfer.raw(),
        done.actual,
        done.intended,
    ];
    table::store(slot, head, &done.mr, &done.br);
    table::set(slot, State::Done);
}

/// A job in the hands of a worker.
#[derive(Clone, Copy)]
pub(crate) struct Started {
    /// The worker.
    pub(crate) id: ThreadId,
    pub(super) slot: u64,
}

impl Started {
    /// Is it done?
    pub(crate) fn is_done(&self) -> bool {
        table::is(self.slot, State::Done)
    }

    /// What came of it, when it is done.
    #[track_caller]
    pub(crate) fn result(&self) -> Result<Done, Failure> {
        until("the end of a worker's IPC", || self.is_done())?;
        let ([from, error, micros, acceptor, xfer, actual, intended], mr, br) =
            table::load(self.slot);
        Ok(Done {
            from: ThreadId::from_raw(from),
            error,
            micros,
            actual,
            intended,
            mr,
            acceptor,
            br,
            xfer: Timeouts::from_raw(xfer),
        })
    }
}
