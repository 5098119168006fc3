//! Stage 4c: strings. The bytes go once, from the sender's memory to the receiver's.
//!
//! Who runs copies: the sender if the receiver waits for it, the receiver if the sender is queued. Its own memory is where
//! it always is; the partner's it sees through the CPU's window. Interrupts are on meanwhile, so the copying thread can be
//! preempted at every instruction; the partner is locked.
//!
//! ```text
//!                 copying thread                     its partner
//! lock            Ready, copies                      Locked
//! own fault       calls its pager (Waiting ...)      Locked
//! partner's fault Locked                             Ready, calls its pager, on its own stack
//! unlock          goes on with its IPC               Waiting, or Sending: goes on with its IPC
//! break_off       each ends for itself, with the same code and offset
//! ```
//! No allocation, no copy in the kernel; what a fault needs is on the stack of the thread that faults.
//!
//! * `lock`      both partners, for the time of a message
//! * `sight`     where the copying thread sees the partner's memory
//! * `fault`     a copy met a page that is not there
//! * `serve`     the partner asks its pager, on its own stack
//! * `break_off` a timeout, an abort or an end, from outside
//! * `inside`    a message that answers a fault of another transfer

mod break_off;
#[cfg(feature = "without-window-but-buffer")]
mod buffer;
mod fault;
mod inside;
mod lock;
mod serve;
mod sight;
#[cfg(feature = "without-window-but-walk")]
mod walk;

use pecan_abi::error::IpcCode;
use pecan_abi::tag::Tag;
use pecan_rules::strings::{Plan, Registers, Sink, Step, straight};

use super::transfer::{Cut, Mover, store};
use crate::cpu;
use crate::sched;
use crate::space::shootdown;
use crate::thread::{Broken, Field, Owned, Part, Resources, Tcb, TcbRef, UtcbRef};

#[cfg(feature = "without-window-but-buffer")]
use buffer::move_bytes;
#[cfg(not(any(
    feature = "without-window-but-buffer",
    feature = "without-window-but-walk"
)))]
use sight::move_bytes;
#[cfg(feature = "without-window-but-walk")]
use walk::move_bytes;

pub(crate) use break_off::{Cause, break_off, fail, time_out};
pub(crate) use fault::{fault, interrupted, proceed};
pub(crate) use lock::lock;
pub(crate) use serve::serve;

/// Most bytes in one stretch: what a window shows from any address on.
const STRETCH: u64 = 1 << 30;

/// The strings of one message on their way, and whatever else of it takes long.
pub(super) struct Strings {
    sink: Sink,
    way: Option<Way>,
    tag: Tag,
    copied: u64,
    locked: bool,
    inside: bool,
}

/// Who copies, and from or to whom.
#[derive(Clone, Copy)]
struct Way {
    me: Owned,
    partner: Owned,
    part: Part,
}

impl Way {
    #[inline(always)]
    fn receiver(&self) -> Owned {
        if self.part.sends() {
            self.partner
        } else {
            self.me
        }
    }
}

impl Strings {
    /// None has gone over yet. `tag` is the message's as the receiver will see it.
    pub(super) fn new(sender: &Tcb, receiver: Owned, tag: Tag, mover: Mover) -> Self {
        let owned = || Owned::seen_here(TcbRef::from_address(sender.block_address()));
        let way = match mover {
            Mover::Sender => Some(Way {
                me: owned(),
                partner: receiver,
                part: Part::PUSHES,
            }),
            Mover::Receiver => Some(Way {
                me: receiver,
                partner: owned(),
                part: Part::PULLS,
            }),
            Mover::Nobody => None,
        };
        // A visitor was locked with its partner when it arrived.
        let locked = mover == Mover::Receiver
            && receiver.transfer.partner.get().map(TcbRef::address) == Some(sender.block_address());
        Self {
            sink: Sink::new(),
            way,
            tag,
            copied: 0,
            locked,
            inside: false,
        }
    }

    /// Moves the string item in message register `first`; the message ends before register `end`. Returns the register
    /// of the next item. Blocks, if pages are missing. On the CPU of both, on the copying thread's stack.
    pub(super) fn item(
        &mut self,
        sender: &Tcb,
        receiver: Owned,
        first: usize,
        end: usize,
    ) -> Result<usize, Cut> {
        let utcbs = Utcbs {
            message: sender.message.get(),
            acceptor: receiver.message.get(),
            buffers: receiver.utcb.get(),
        };
        match straight(first, end, &mut self.sink, &utcbs) {
            Some(string) => {
                store(receiver, first, string.words[0]);
                store(receiver, first + 1, string.words[1]);
                self.copy(string.words[1], string.to, string.length)?;
                Ok(first + 2)
            }
            None => self.by_plan(&utcbs, receiver, first, end),
        }
    }

    /// The same for any string.
    #[inline(never)]
    fn by_plan(
        &mut self,
        utcbs: &Utcbs,
        receiver: Owned,
        first: usize,
        end: usize,
    ) -> Result<usize, Cut> {
        let mut sink = core::mem::take(&mut self.sink);
        let mut plan = Plan::new(first, end, &mut sink);
        let result = loop {
            match plan.step(utcbs) {
                Step::Word(index, word) => store(receiver, index, word),
                Step::Copy { from, to, length } => {
                    if let Err(cut) = self.copy(from, to, length) {
                        break Err(cut);
                    }
                }
                Step::Done(next) => break Ok(next),
                Step::Cut => break Err(self.cut()),
            }
        };
        self.sink = sink;
        result
    }

    /// The message cannot go on here.
    pub(super) fn cut(&self) -> Cut {
        Cut::both(IpcCode::Overflow, self.copied)
    }

    #[inline(always)]
    fn copy(&mut self, from: u64, to: u64, length: u64) -> Result<(), Cut> {
        let Some(way) = self.way.filter(|way| self.may_lock(way)) else {
            return Err(self.cut());
        };
        self.lock(way);
        let mut done = 0;
        while done < length {
            let stretch = STRETCH.min(length - done);
            way.me.transfer.before.set(self.copied);
            let moved = move_bytes(way.me, way.partner, from + done, to + done, stretch);
            (self.copied, done) = (self.copied + moved, done + moved);
            self.check(way)?;
        }
        Ok(())
    }

    /// Lets in what waits, in the middle of an item that is no string but may take long. Nothing is held. Between two CPUs
    /// nobody is let in.
    pub(super) fn pause(&mut self) -> Result<(), Cut> {
        let Some(way) = self.way else {
            return Ok(());
        };
        if !self.may_lock(&way) {
            return self.pause_inside(way, sched::let_others_in);
        }
        self.lock(way);
        way.me.transfer.copied.set(self.copied);
        sched::let_others_in(way.me);
        self.check(way)
    }

    #[cold]
    #[inline(never)]
    fn pause_inside(&mut self, way: Way, work: impl FnOnce(Owned)) -> Result<(), Cut> {
        self.inside = true;
        if inside::pause(way, self.tag, work) {
            return Ok(());
        }
        Err(Cut {
            told: true,
            ..Cut::both(IpcCode::Aborted, self.copied)
        })
    }

    /// An item has taken something away that other CPUs may still have: returns what became of it when none has it any more, or the
    /// error of a transfer that was broken off meanwhile. Between two CPUs the receiver waits for that, when the message is
    /// over ([`Resources::STALE`]).
    #[cold]
    #[inline(never)]
    pub(super) fn settle(&mut self, receiver: Owned, done: Result<(), Cut>) -> Result<(), Cut> {
        let Some(way) = self.way else {
            receiver
                .resources
                .set(receiver.resources.get() | Resources::STALE);
            return done;
        };
        if done.is_err_and(|cut| cut.told) {
            lock::stay(way.me, way.part);
            shootdown::wait(way.me);
            lock::leave(cpu::current(), way.me);
            return done;
        }
        if !self.may_lock(&way) {
            self.pause_inside(way, shootdown::wait)?;
            return done;
        }
        self.lock(way);
        way.me.transfer.copied.set(self.copied);
        shootdown::wait(way.me);
        self.check(way)?;
        done
    }

    /// Whether the two are locked, or the receiver is not locked with somebody else.
    #[inline(always)]
    fn may_lock(&self, way: &Way) -> bool {
        self.locked || !inside::is_inside(way.receiver())
    }

    #[inline(always)]
    fn lock(&mut self, way: Way) {
        if !self.locked {
            self.locked = true;
            lock::lock(cpu::current(), way.me, way.partner, way.part, self.tag);
        }
    }

    /// An error if the transfer was broken off.
    #[inline(always)]
    fn check(&mut self, way: Way) -> Result<(), Cut> {
        let Some(Broken { code, .. }) = way.me.transfer.broken.take() else {
            return Ok(());
        };
        self.locked = false;
        lock::leave(cpu::current(), way.me);
        Err(Cut {
            told: true,
            ..Cut::both(code, way.me.transfer.copied.get())
        })
    }

    /// The message is over, whole or cut: the partner is as it was before.
    pub(super) fn finish(self) {
        match self.way {
            Some(way) if self.locked => lock::unlock(cpu::current(), way.me, way.partner),
            Some(way) if self.inside && way.part.sends() => lock::leave(cpu::current(), way.me),
            _ => {}
        }
    }
}

/// The registers of sender and receiver, where users can change them at any time.
struct Utcbs {
    /// Where the message is.
    message: UtcbRef,
    /// Where the receiver says what it accepts.
    acceptor: UtcbRef,
    /// Where its buffers are.
    buffers: UtcbRef,
}

impl Registers for Utcbs {
    fn message(&self, index: usize) -> u64 {
        self.message.mr(index)
    }

    fn buffer(&self, index: usize) -> u64 {
        let from = if index == 0 {
            self.acceptor
        } else {
            self.buffers
        };
        from.get(Field::buffer(index))
    }
}
