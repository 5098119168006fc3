//! The lists that a thread can be in, for the rules that manage them. This CPU's threads, interrupts off; the send
//! queue's links are lent with the thread's request.

use pecan_rules::queue::QueueStore;
use pecan_rules::ready::ReadyStore;
use pecan_rules::wakeup::WakeupStore;

use super::{State, TcbRef};

/// The TCBs themselves: links are fields there.
pub(crate) struct Links;

fn linked(link: Option<TcbRef>) -> TcbRef {
    let Some(thread) = link else {
        panic!("a listed thread has no link")
    };
    thread
}

impl ReadyStore for Links {
    type Thread = TcbRef;

    #[inline]
    fn priority(&self, thread: TcbRef) -> u8 {
        thread.priority.get()
    }

    #[inline]
    fn is_ready(&self, thread: TcbRef) -> bool {
        thread.state() == State::Ready
    }

    #[inline]
    fn is_listed(&self, thread: TcbRef) -> bool {
        thread.listed.get()
    }

    #[inline]
    fn set_listed(&mut self, thread: TcbRef, listed: bool) {
        thread.listed.set(listed);
    }

    #[inline]
    fn next(&self, thread: TcbRef) -> TcbRef {
        linked(thread.ready_next.get())
    }

    #[inline]
    fn prev(&self, thread: TcbRef) -> TcbRef {
        linked(thread.ready_prev.get())
    }

    #[inline]
    fn set_next(&mut self, thread: TcbRef, next: TcbRef) {
        thread.ready_next.set(Some(next));
    }

    #[inline]
    fn set_prev(&mut self, thread: TcbRef, prev: TcbRef) {
        thread.ready_prev.set(Some(prev));
    }

    #[inline]
    fn slice_left(&self, thread: TcbRef) -> bool {
        thread.slice_left.get() != 0
    }

    #[inline]
    fn refill_slice(&mut self, thread: TcbRef) {
        thread.slice_left.set(thread.slice.get());
    }
}

impl QueueStore for Links {
    type Thread = TcbRef;

    fn next(&self, thread: TcbRef) -> TcbRef {
        linked(thread.queue_next.get())
    }

    fn prev(&self, thread: TcbRef) -> TcbRef {
        linked(thread.queue_prev.get())
    }

    fn set_next(&mut self, thread: TcbRef, next: TcbRef) {
        thread.queue_next.set(Some(next));
    }

    fn set_prev(&mut self, thread: TcbRef, prev: TcbRef) {
        thread.queue_prev.set(Some(prev));
    }
}

impl WakeupStore for Links {
    type Thread = TcbRef;

    fn deadline(&self, thread: TcbRef) -> u64 {
        thread.deadline.get()
    }

    fn bucket(&self, thread: TcbRef) -> u8 {
        thread.bucket.get()
    }

    fn set_bucket(&mut self, thread: TcbRef, bucket: u8) {
        thread.bucket.set(bucket);
    }

    fn next(&self, thread: TcbRef) -> TcbRef {
        linked(thread.wakeup_next.get())
    }

    fn prev(&self, thread: TcbRef) -> TcbRef {
        linked(thread.wakeup_prev.get())
    }

    fn set_next(&mut self, thread: TcbRef, next: TcbRef) {
        thread.wakeup_next.set(Some(next));
    }

    fn set_prev(&mut self, thread: TcbRef, prev: TcbRef) {
        thread.wakeup_prev.set(Some(prev));
    }
}
