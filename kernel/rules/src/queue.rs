//! Senders that wait for a receiver, first come, first served (L4 X.2, IPC).
//!
//! The queue is a circle of links in the senders; the receiver holds the handle of the first one.

/// Access to the links of a thread. They belong to the queue the thread is in.
pub trait QueueStore {
    /// Handle of a thread.
    type Thread: Copy + Eq;

    /// The thread behind this one.
    fn next(&self, thread: Self::Thread) -> Self::Thread;
    /// The thread before this one.
    fn prev(&self, thread: Self::Thread) -> Self::Thread;
    /// Sets the thread behind this one.
    fn set_next(&mut self, thread: Self::Thread, next: Self::Thread);
    /// Sets the thread before this one.
    fn set_prev(&mut self, thread: Self::Thread, prev: Self::Thread);
}

/// The senders that wait for one receiver.
#[derive(Clone, Copy, Debug)]
#[repr(transparent)]
pub struct SendQueue<T> {
    head: Option<T>,
}

impl<T: Copy + Eq> Default for SendQueue<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Copy + Eq> SendQueue<T> {
    /// An empty queue.
    pub const fn new() -> Self {
        Self { head: None }
    }

    /// Does nobody wait?
    #[inline]
    pub const fn is_empty(&self) -> bool {
        self.head.is_none()
    }

    /// Who has waited longest?
    #[inline]
    pub const fn front(&self) -> Option<T> {
        self.head
    }

    /// The one behind `thread`, which must be in this queue; `None` behind the last.
    #[inline]
    pub fn next<S: QueueStore<Thread = T>>(&self, store: &S, thread: T) -> Option<T> {
        let next = store.next(thread);
        if Some(next) == self.head {
            None
        } else {
            Some(next)
        }
    }

    /// Adds a thread, which must not be in any queue, behind the others.
    #[inline]
    pub fn push<S: QueueStore<Thread = T>>(&mut self, store: &mut S, thread: T) {
        let (tail, head) = match self.head {
            Some(head) => (store.prev(head), head),
            None => {
                self.head = Some(thread);
                (thread, thread)
            }
        };
        store.set_prev(thread, tail);
        store.set_next(thread, head);
        store.set_next(tail, thread);
        store.set_prev(head, thread);
    }

    /// Takes the one who has waited longest.
    #[inline]
    pub fn pop_front<S: QueueStore<Thread = T>>(&mut self, store: &mut S) -> Option<T> {
        let head = self.head?;
        self.remove(store, head);
        Some(head)
    }

    /// Takes out a thread, which must be in this queue.
    #[inline]
    pub fn remove<S: QueueStore<Thread = T>>(&mut self, store: &mut S, thread: T) {
        let (prev, next) = (store.prev(thread), store.next(thread));
        if self.head == Some(thread) {
            self.head = if next == thread { None } else { Some(next) };
        }
        store.set_next(prev, next);
        store.set_prev(next, prev);
    }

    /// Walks the queue and says what is wrong with it, if anything is. For the debug kernel: takes long.
    pub fn check<S: QueueStore<Thread = T>>(&self, store: &S) -> Result<(), &'static str> {
        let mut at = self.head;
        while let Some(thread) = at {
            if store.prev(store.next(thread)) != thread {
                return Err("a send queue is not linked both ways");
            }
            at = self.next(store, thread);
        }
        Ok(())
    }
}
