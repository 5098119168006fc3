//! Stage 1: what the registers ask for.

use pecan_abi::tag::Tag;
use pecan_abi::time::{Time, Timeouts};

use crate::thread::{Resources, Tcb};

/// What an IPC asks for (L4 X.2, IPC parameters). Ids are global or special: the stubs converted local ones.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request {
    /// Destination, nil for no send phase.
    pub(crate) to: u64,
    /// FromSpecifier, nil for no receive phase.
    pub(crate) from: u64,
    /// Timeouts word.
    pub(crate) timeouts: u64,
    /// The message's tag; its words are in the UTCB.
    pub(crate) tag: Tag,
}

/// Flags that a sender may not set.
const OUTPUT_FLAGS: u64 = Tag::REDIRECTED | Tag::CROSS_CPU | Tag::ERROR;

impl Request {
    /// From the registers of the call. Flags that only the kernel sets are dropped.
    #[inline(always)]
    pub(crate) fn new(to: u64, from: u64, timeouts: u64, tag: u64) -> Self {
        Self {
            to,
            from,
            timeouts,
            tag: Tag::from_raw(tag & !OUTPUT_FLAGS),
        }
    }

    /// Whether somebody other than the caller or the destination may be concerned: what is said for somebody else, or
    /// sent from a space with a redirector.
    #[inline(always)]
    pub(super) fn concerns_others(&self, thread: &Tcb) -> bool {
        let flags = self.tag.raw() & (Tag::PROPAGATED | Tag::REDIRECTED);
        flags | u64::from(thread.resources.get() & Resources::REDIRECTED) != 0
    }

    /// The request that a blocked thread noted in its TCB.
    pub(crate) fn noted(thread: &Tcb) -> Self {
        Self {
            to: thread.send_to.get(),
            from: thread.receive_from.get(),
            timeouts: thread.timeouts.get(),
            tag: Tag::from_raw(thread.send_tag.get()),
        }
    }

    /// Notes the request in the TCB of the thread that blocks in its send phase.
    pub(crate) fn note(&self, thread: &Tcb) {
        thread.send_to.set(self.to);
        thread.receive_from.set(self.from);
        thread.timeouts.set(self.timeouts);
        thread.send_tag.set(self.tag.raw());
    }

    /// Timeout of the send phase.
    pub(crate) fn send_timeout(&self) -> Time {
        Timeouts::from_raw(self.timeouts).send()
    }

    /// Timeout of the receive phase.
    pub(crate) fn receive_timeout(&self) -> Time {
        Timeouts::from_raw(self.timeouts).recv()
    }
}
