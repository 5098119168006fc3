//! Who is to be woken when time has passed (L4 X.2, timeouts).
//!
//! Most timeouts never pass: the message comes first. So arming is cheap and disarming is nothing at all: the thread's
//! deadline is set to `u64::MAX` and the thread stays listed until it is met.
//!
//! There are eight unordered lists, by distance: the first for less than about a millisecond, each further one eight times as
//! far, the last without limit. Distance counts from a base that moves with each look at the clock. With each list goes a
//! time before which nobody in it is due; when that comes, the whole list is gone through, those who are due are woken and
//! the others sorted anew by their distance from then. So who stays in a far list is far, and the list is gone through seldom.
//! A thread that stands in too near a list costs a look and is still woken in time.
//!
//! Those who are due go to a list of their own, from which they are taken one by one: to wake one may disarm the next, arm
//! it anew, or send it to another processor.

use crate::deadline::NEVER;

/// Value of [`WakeupStore::bucket`] for a thread that is in no list. It is what a new thread must start with.
pub const UNLISTED: u8 = 255;

/// Access to what the wakeup queue needs to know of a thread. Links and bucket belong to the queue alone.
pub trait WakeupStore {
    /// Handle of a thread.
    type Thread: Copy + Eq;

    /// When the thread is to be woken, in microseconds since boot; `u64::MAX`: not at all.
    fn deadline(&self, thread: Self::Thread) -> u64;
    /// The list the thread is in, or [`UNLISTED`].
    fn bucket(&self, thread: Self::Thread) -> u8;
    /// Sets the list the thread is in.
    fn set_bucket(&mut self, thread: Self::Thread, bucket: u8);
    /// The thread behind this one.
    fn next(&self, thread: Self::Thread) -> Self::Thread;
    /// The thread before this one.
    fn prev(&self, thread: Self::Thread) -> Self::Thread;
    /// Sets the thread behind this one.
    fn set_next(&mut self, thread: Self::Thread, next: Self::Thread);
    /// Sets the thread before this one.
    fn set_prev(&mut self, thread: Self::Thread, prev: Self::Thread);
}

/// The list of those who are due: above all others, so that who is armed anew leaves it.
const DUE: u8 = BUCKETS as u8;
/// Number of lists by distance: a power of two, so that a masked index needs no check.
const BUCKETS: usize = 8;

/// An unordered list: a circle of threads.
#[derive(Clone, Copy, Debug)]
struct Bucket<T> {
    head: Option<T>,
    /// Nobody in the list is due before this.
    due: u64,
}

/// The threads of one processor that wait for time to pass.
#[derive(Debug)]
pub struct WakeupQueue<T> {
    buckets: [Bucket<T>; BUCKETS],
    /// Who was found to be due.
    due: Option<T>,
    /// Nobody at all is due before this.
    earliest: u64,
    /// Last time that was looked at.
    base: u64,
}

impl<T: Copy + Eq> Default for WakeupQueue<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Copy + Eq> WakeupQueue<T> {
    /// An empty queue.
    pub const fn new() -> Self {
        Self {
            buckets: [Bucket {
                head: None,
                due: NEVER,
            }; BUCKETS],
            due: None,
            earliest: NEVER,
            base: 0,
        }
    }

    /// Sees to it that the thread is woken at its deadline. To be called after a deadline other than `u64::MAX` was set.
    #[inline]
    pub fn arm<S: WakeupStore<Thread = T>>(&mut self, store: &mut S, thread: T) {
        let deadline = store.deadline(thread);
        if deadline == NEVER {
            return;
        }
        let (mut bucket, right) = (store.bucket(thread), self.bucket_for(deadline));
        // UNLISTED is above every bucket, so an unlisted thread takes this way too.
        if bucket > right {
            self.remove(store, thread);
            self.insert(store, thread, right);
            bucket = right;
        }
        let list = &mut self.buckets[slot(bucket)];
        list.due = list.due.min(deadline);
        self.earliest = self.earliest.min(deadline);
    }

    /// Takes a thread out, if it is in. To be called when a thread dies or moves to another processor.
    #[inline]
    pub fn remove<S: WakeupStore<Thread = T>>(&mut self, store: &mut S, thread: T) {
        let bucket = store.bucket(thread);
        if bucket == UNLISTED {
            return;
        }
        let (prev, next) = (store.prev(thread), store.next(thread));
        let head = self.head(bucket);
        if *head == Some(thread) {
            *head = if next == thread { None } else { Some(next) };
        }
        store.set_next(prev, next);
        store.set_prev(next, prev);
        store.set_bucket(thread, UNLISTED);
    }

    /// Looks at the clock: whether there may be somebody for [`Self::expire`] to find at `now`, or for [`Self::take_due`] to give. Time
    /// must not run backwards from call to call.
    #[inline(always)]
    pub fn is_due(&mut self, now: u64) -> bool {
        self.base = now;
        now >= self.earliest || self.due.is_some()
    }

    /// Finds each thread whose deadline is not after `now`; [`Self::take_due`] then gives them. Time must not run backwards
    /// from call to call.
    #[inline]
    pub fn expire<S: WakeupStore<Thread = T>>(&mut self, store: &mut S, now: u64) {
        self.base = now;
        if now < self.earliest {
            return;
        }
        for bucket in 0..BUCKETS {
            if self.buckets[bucket].due <= now {
                self.sort(store, bucket);
            }
        }
        self.earliest = self
            .buckets
            .iter()
            .fold(NEVER, |earliest, list| earliest.min(list.due));
    }

    /// One of those who are due, which is in no list any more then; `None`: there are no more. Whoever was disarmed or armed
    /// anew since it was found is none of them.
    #[inline]
    pub fn take_due<S: WakeupStore<Thread = T>>(&mut self, store: &mut S) -> Option<T> {
        while let Some(thread) = self.due {
            self.remove(store, thread);
            if store.deadline(thread) <= self.base {
                return Some(thread);
            }
        }
        None
    }

    /// A time before which [`Self::expire`] has nothing to do; `None` if it has nothing to do at all. It may be too early
    /// when threads were disarmed.
    #[inline]
    pub fn earliest(&self) -> Option<u64> {
        if self.earliest == NEVER {
            None
        } else {
            Some(self.earliest)
        }
    }

    /// Goes through a list: takes out who is due, drops who is disarmed, sorts the others anew.
    fn sort<S: WakeupStore<Thread = T>>(&mut self, store: &mut S, bucket: usize) {
        let list = &mut self.buckets[bucket & (BUCKETS - 1)];
        list.due = NEVER;
        let Some(head) = list.head.take() else { return };
        let last = store.prev(head);
        let mut thread = head;
        loop {
            let (here, next) = (thread, store.next(thread));
            store.set_bucket(here, UNLISTED);
            if store.deadline(here) <= self.base {
                self.insert(store, here, DUE);
            } else {
                self.arm(store, here);
            }
            if here == last {
                break;
            }
            thread = next;
        }
    }

    #[inline]
    fn insert<S: WakeupStore<Thread = T>>(&mut self, store: &mut S, thread: T, bucket: u8) {
        let head = self.head(bucket);
        let first = *head.get_or_insert(thread);
        let last = if first == thread {
            thread
        } else {
            store.prev(first)
        };
        store.set_prev(thread, last);
        store.set_next(thread, first);
        store.set_next(last, thread);
        store.set_prev(first, thread);
        store.set_bucket(thread, bucket);
    }

    #[inline]
    fn head(&mut self, bucket: u8) -> &mut Option<T> {
        match bucket {
            DUE => &mut self.due,
            _ => &mut self.buckets[slot(bucket)].head,
        }
    }

    /// The list for a deadline: 0 below 1024 us from the base, then one for each factor of 8.
    #[inline]
    fn bucket_for(&self, deadline: u64) -> u8 {
        let bits = 64 - (deadline.saturating_sub(self.base) >> 10).leading_zeros();
        bits.div_ceil(3).min(BUCKETS as u32 - 1) as u8
    }

    /// Walks all lists and says what is wrong with them, if anything is. For the debug kernel: takes long.
    pub fn check<S: WakeupStore<Thread = T>>(&self, store: &S) -> Result<(), &'static str> {
        for (bucket, list) in self.buckets.iter().enumerate() {
            if list.due < self.earliest {
                return Err("a wakeup list is due before the earliest time");
            }
            let Some(head) = list.head else { continue };
            let mut thread = head;
            loop {
                if usize::from(store.bucket(thread)) != bucket {
                    return Err("a thread is in a wakeup list that it does not know of");
                }
                if store.deadline(thread) < list.due {
                    return Err("a thread is due before its wakeup list");
                }
                let next = store.next(thread);
                if store.prev(next) != thread {
                    return Err("a wakeup list is not linked both ways");
                }
                thread = next;
                if thread == head {
                    break;
                }
            }
        }
        Ok(())
    }
}

/// Index of a list; masked, so that no check is compiled in.
#[inline]
const fn slot(bucket: u8) -> usize {
    bucket as usize & (BUCKETS - 1)
}
