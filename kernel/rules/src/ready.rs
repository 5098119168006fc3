//! Who runs next: one circular list of threads per priority (L4 X.2, scheduling).
//!
//! The lists are lazy. A thread that stops being ready stays listed until [`ReadyLists::pick`] meets it, so that a message
//! that blocks one thread and wakes another costs no list operation. What must hold in return: each ready thread is listed,
//! except the one that runs. So a thread is enqueued at the latest when it leaves the processor while it is ready.

/// Access to what the ready lists need to know of a thread. Links and mark belong to the lists alone.
pub trait ReadyStore {
    /// Handle of a thread.
    type Thread: Copy + Eq;

    /// Priority. May change only while the thread is not listed.
    fn priority(&self, thread: Self::Thread) -> u8;
    /// Can the thread run?
    fn is_ready(&self, thread: Self::Thread) -> bool;
    /// Is the thread in a list?
    fn is_listed(&self, thread: Self::Thread) -> bool;
    /// Marks the thread as being in a list, or not.
    fn set_listed(&mut self, thread: Self::Thread, listed: bool);
    /// The thread behind this one.
    fn next(&self, thread: Self::Thread) -> Self::Thread;
    /// The thread before this one.
    fn prev(&self, thread: Self::Thread) -> Self::Thread;
    /// Sets the thread behind this one.
    fn set_next(&mut self, thread: Self::Thread, next: Self::Thread);
    /// Sets the thread before this one.
    fn set_prev(&mut self, thread: Self::Thread, prev: Self::Thread);
    /// Is any of the thread's time slice left?
    fn slice_left(&self, thread: Self::Thread) -> bool;
    /// Gives the thread a full time slice; [`Self::slice_left`] must be true afterwards.
    fn refill_slice(&mut self, thread: Self::Thread);
}

/// What [`ReadyLists::glance`] sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Glance<T> {
    /// [`ReadyLists::pick`] would find this thread, and change nothing.
    Thread(T),
    /// It would find nobody.
    Nobody,
    /// There is something to put right first.
    Unclear,
}

/// The ready threads of one processor.
#[derive(Debug)]
pub struct ReadyLists<T> {
    /// Per priority: the thread whose turn it is.
    current: [Option<T>; 256],
    /// Bit p % 64 of word p / 64: the list of priority p has a thread.
    occupied: [u64; 4],
    /// No list above this priority has a thread.
    highest: u8,
}

impl<T: Copy + Eq> Default for ReadyLists<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Copy + Eq> ReadyLists<T> {
    /// Empty lists.
    pub const fn new() -> Self {
        Self {
            current: [None; 256],
            occupied: [0; 4],
            highest: 0,
        }
    }

    /// No listed thread has a priority above this. It can be too high after threads stopped being ready.
    #[inline]
    pub fn highest(&self) -> u8 {
        self.highest
    }

    /// Lists a thread behind the others of its priority. A used-up time slice is refilled: having to queue is the price.
    /// Does nothing if the thread is listed.
    #[inline]
    pub fn enqueue<S: ReadyStore<Thread = T>>(&mut self, store: &mut S, thread: T) {
        if store.is_listed(thread) {
            return;
        }
        if !store.slice_left(thread) {
            store.refill_slice(thread);
        }
        self.insert(store, thread);
    }

    /// Makes a thread the one whose turn it is at its priority, before all others: it lost the processor in the middle of
    /// its time slice, and goes on with it. The turns of the others stay in order.
    #[inline]
    pub fn enqueue_first<S: ReadyStore<Thread = T>>(&mut self, store: &mut S, thread: T) {
        let priority = usize::from(store.priority(thread));
        if store.is_listed(thread) {
            if self.current[priority] == Some(thread) {
                return;
            }
            self.unlink(store, thread);
        }
        // Behind the last is before the first.
        self.insert(store, thread);
        self.current[priority] = Some(thread);
    }

    /// Whether it is the thread's turn at its priority, so that [`Self::enqueue_first`] would do nothing.
    #[inline(always)]
    pub fn is_first<S: ReadyStore<Thread = T>>(&self, store: &S, thread: T) -> bool {
        self.current[usize::from(store.priority(thread))] == Some(thread)
    }

    /// Takes a thread off its list, if it is listed.
    #[inline]
    pub fn remove<S: ReadyStore<Thread = T>>(&mut self, store: &mut S, thread: T) {
        if store.is_listed(thread) {
            self.unlink(store, thread);
        }
    }

    /// The ready thread of the highest priority whose turn it is; it stays listed.
    ///
    /// Threads met that are not ready leave their list. A thread met with its time slice used up gets a new one and the
    /// turn goes to the next of its priority.
    #[inline(always)]
    pub fn pick<S: ReadyStore<Thread = T>>(&mut self, store: &mut S) -> Option<T> {
        match self.current[usize::from(self.highest)] {
            Some(thread) if store.is_ready(thread) && store.slice_left(thread) => Some(thread),
            _ => self.search(store),
        }
    }

    /// As [`Self::pick`], if that is not whose turn it seems to be.
    #[inline(never)]
    fn search<S: ReadyStore<Thread = T>>(&mut self, store: &mut S) -> Option<T> {
        loop {
            let Some(thread) = self.current[usize::from(self.highest)] else {
                self.lower_highest()?;
                continue;
            };
            if !store.is_ready(thread) {
                self.unlink(store, thread);
            } else if store.slice_left(thread) {
                return Some(thread);
            } else {
                store.refill_slice(thread);
                self.current[usize::from(self.highest)] = Some(store.next(thread));
            }
        }
    }

    /// What [`Self::pick`] would find, if that can be seen at once.
    #[inline(always)]
    pub fn glance<S: ReadyStore<Thread = T>>(&self, store: &S) -> Glance<T> {
        let current = self.current[usize::from(self.highest)];
        match current {
            Some(thread) if store.is_ready(thread) && store.slice_left(thread) => {
                Glance::Thread(thread)
            }
            // Nobody is above, and there is nothing below.
            None if self.highest == 0 => Glance::Nobody,
            _ => Glance::Unclear,
        }
    }

    /// The priority of the most urgent ready thread that is listed. Threads met that are not ready leave their list.
    #[inline]
    pub fn top<S: ReadyStore<Thread = T>>(&mut self, store: &mut S) -> Option<u8> {
        loop {
            let Some(thread) = self.current[usize::from(self.highest)] else {
                self.lower_highest()?;
                continue;
            };
            if store.is_ready(thread) {
                return Some(self.highest);
            }
            self.unlink(store, thread);
        }
    }

    /// Gives up the rest of the thread's time slice: it gets a new one and goes behind the others of its priority.
    #[inline(always)]
    pub fn yield_from<S: ReadyStore<Thread = T>>(&mut self, store: &mut S, thread: T) {
        store.refill_slice(thread);
        let current = &mut self.current[usize::from(store.priority(thread))];
        if *current == Some(thread) {
            *current = Some(store.next(thread));
        } else {
            self.go_last(store, thread);
        }
    }

    #[inline(never)]
    fn go_last<S: ReadyStore<Thread = T>>(&mut self, store: &mut S, thread: T) {
        if store.is_listed(thread) {
            self.unlink(store, thread);
        }
        self.insert(store, thread);
    }

    /// The list of the highest priority was found empty. `None`: all are.
    #[inline]
    fn lower_highest(&mut self) -> Option<()> {
        let occupied = self.highest_occupied();
        self.highest = occupied.unwrap_or(0);
        occupied.map(|_| ())
    }

    /// The highest priority whose list has a thread. Bounded: an idle processor does not walk all lists.
    #[inline]
    fn highest_occupied(&self) -> Option<u8> {
        let word = (0..4u8)
            .rev()
            .find(|word| self.occupied[usize::from(*word)] != 0)?;
        let bits = self.occupied[usize::from(word)];
        Some(word * 64 + 63 - bits.leading_zeros() as u8)
    }

    #[inline]
    fn insert<S: ReadyStore<Thread = T>>(&mut self, store: &mut S, thread: T) {
        let priority = store.priority(thread);
        let current = &mut self.current[usize::from(priority)];
        let (tail, head) = match *current {
            Some(head) => (store.prev(head), head),
            None => {
                *current = Some(thread);
                self.occupied[usize::from(priority / 64)] |= 1 << (priority % 64);
                self.highest = self.highest.max(priority);
                (thread, thread)
            }
        };
        store.set_prev(thread, tail);
        store.set_next(thread, head);
        store.set_next(tail, thread);
        store.set_prev(head, thread);
        store.set_listed(thread, true);
    }

    #[inline]
    fn unlink<S: ReadyStore<Thread = T>>(&mut self, store: &mut S, thread: T) {
        let (prev, next) = (store.prev(thread), store.next(thread));
        let priority = store.priority(thread);
        let current = &mut self.current[usize::from(priority)];
        if next == thread {
            *current = None;
            self.occupied[usize::from(priority / 64)] &= !(1 << (priority % 64));
        } else if *current == Some(thread) {
            *current = Some(next);
        }
        store.set_next(prev, next);
        store.set_prev(next, prev);
        store.set_listed(thread, false);
    }

    /// Walks all lists and says what is wrong with them, if anything is. For the debug kernel: takes long.
    pub fn check<S: ReadyStore<Thread = T>>(&self, store: &S) -> Result<(), &'static str> {
        for (priority, current) in (0..=u8::MAX).zip(&self.current) {
            let marked = self.occupied[usize::from(priority / 64)] & 1 << (priority % 64) != 0;
            if marked != current.is_some() {
                return Err("a list is not marked as it is");
            }
            let Some(head) = *current else { continue };
            if priority > self.highest {
                return Err("a list above the highest priority has threads");
            }
            let mut thread = head;
            loop {
                if !store.is_listed(thread) {
                    return Err("a thread in a ready list is not marked as listed");
                }
                if store.priority(thread) != priority {
                    return Err("a thread is in the list of another priority");
                }
                let next = store.next(thread);
                if store.prev(next) != thread {
                    return Err("a ready list is not linked both ways");
                }
                // Because each link holds both ways, the walk cannot get into a circle that leaves out the head.
                thread = next;
                if thread == head {
                    break;
                }
            }
        }
        Ok(())
    }
}
