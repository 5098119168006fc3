//! The mailbox of a CPU: many CPUs push nodes, the owner takes them in order.
//!
//! One word. It holds either the node that was pushed last, whose link leads to
//! the one before, or what the owner does while there is no node:
//!
//! ```text
//!              push: ring                   push: do not ring
//!   RUNNING ---------------> node ... node <------------------ POLLING
//!      ^ \                        |  take (swap)                ^  |  ^
//!      |  \ try_halt              +-----------------------------+  |  |
//!      |   v                            push: ring                 |  |
//!      |  HALTED ------------------> node                          |  |
//!      |   ^  +------------------ take ----------------------------|--+
//!      |   +--------------------- try_halt ------------------------+
//!      +------------------------- leave ---------------------------+
//! ```
//!
//! Two short cuts are not drawn: `take_only` leads from a node that is alone to RUNNING, and `listen`
//! from RUNNING to POLLING.
//!
//! POLLING promises that the owner looks at the word again before it does
//! anything else: while it drains, and while it waits in a pause or `mwait` loop. An
//! owner that is sent more than it may handle at once may run threads for a while and
//! stay POLLING, or leave nodes where they are; nobody rings then, so it looks again after
//! a bounded time, by a timer.
//! Leaving POLLING is one compare-and-swap, which fails when a node came in
//! between. So a push either is seen, or is told to ring: a node cannot be missed.
//! Nodes that one CPU pushes, and nodes whose pushes are ordered by other
//! messages, are taken in that order.
//!
//! A node is in one list at a time. It is owned by whoever pushes it until the
//! push, and by the owner of the mailbox from `take` on.

use crate::atomics::{AtomicUsize, Ordering};

/// The owner runs threads: ring for the first node.
const RUNNING: usize = 0;
/// The owner looks at the mailbox before it does anything else.
const POLLING: usize = 1;
/// The owner sleeps until an interrupt.
const HALTED: usize = 2;

/// The smallest number that can name a node.
pub const FIRST_NODE: usize = 3;

/// Where the links of nodes are: one word per node.
///
/// The kernel names a node by its address; then this is the only place that
/// turns the number back into a reference.
pub trait Nodes {
    /// The link of `node`, a number of at least [`FIRST_NODE`].
    fn link(&self, node: usize) -> &AtomicUsize;
}

/// Whether the CPU that pushed must send an interrupt to the owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Ring {
    /// The owner may not look by itself: send the interrupt, after the push.
    Needed,
    /// The owner is looking, or whoever pushed the first node rings.
    NotNeeded,
}

/// The mailbox of one CPU; fills a cache line of its own.
#[derive(Debug)]
#[repr(align(64))]
pub struct Mailbox {
    head: AtomicUsize,
}

impl Default for Mailbox {
    fn default() -> Self {
        Self::new()
    }
}

impl Mailbox {
    /// An empty mailbox whose owner is running.
    #[cfg(not(loom))]
    #[must_use]
    pub const fn new() -> Self {
        Self {
            head: AtomicUsize::new(RUNNING),
        }
    }

    /// An empty mailbox whose owner is running.
    #[cfg(loom)]
    #[must_use]
    pub fn new() -> Self {
        Self {
            head: AtomicUsize::new(RUNNING),
        }
    }

    /// Gives `node` to the owner; any CPU, the owner itself included.
    ///
    /// What the pusher wrote to the node before is visible to the owner after
    /// [`Mailbox::take`]. `node` is at least [`FIRST_NODE`] and in no list.
    #[inline]
    pub fn push<N: Nodes>(&self, nodes: &N, node: usize) -> Ring {
        debug_assert!(node >= FIRST_NODE, "a node's number must not be a state");
        let link = nodes.link(node);
        let mut old = self.head.load(Ordering::Relaxed);
        loop {
            link.store(old, Ordering::Relaxed);
            match self
                .head
                .compare_exchange_weak(old, node, Ordering::Release, Ordering::Relaxed)
            {
                Ok(_) => break,
                Err(now) => old = now,
            }
        }
        if old == RUNNING || old == HALTED {
            Ring::Needed
        } else {
            Ring::NotNeeded
        }
    }

    /// Takes all nodes, the oldest first, and is POLLING from then on. Owner only.
    ///
    /// The owner handles the batch and calls again until a batch is empty; then
    /// it may [`leave`](Mailbox::leave) or [`try_halt`](Mailbox::try_halt).
    #[inline]
    pub fn take<N: Nodes>(&self, nodes: &N) -> Batch {
        // AcqRel: what the owner did before is visible to whoever relies on POLLING.
        let newest = self.head.swap(POLLING, Ordering::AcqRel);
        Batch::reversed(nodes, newest)
    }

    /// Takes the only node, if it is `wanted`, and is RUNNING from then on. Owner only.
    ///
    /// `None`: there is no node, or more than one, or not that one, and nothing has changed. It is `take`, one node,
    /// and `leave` in one step.
    #[inline]
    pub fn take_only<N: Nodes>(
        &self,
        nodes: &N,
        wanted: impl FnOnce(usize) -> bool,
    ) -> Option<usize> {
        let node = self.head.load(Ordering::Acquire);
        // Its link is as it was pushed: only the owner changes it from then on.
        let is_only = node >= FIRST_NODE && nodes.link(node).load(Ordering::Relaxed) < FIRST_NODE;
        if !is_only || !wanted(node) {
            return None;
        }
        self.head
            .compare_exchange(node, RUNNING, Ordering::AcqRel, Ordering::Relaxed)
            .ok()
    }

    /// RUNNING -> POLLING, unless there is a node already; a mere load if it is POLLING. Owner only, which looks until it takes
    /// one, leaves or halts.
    #[inline]
    pub fn listen(&self) {
        if self.head.load(Ordering::Relaxed) == RUNNING {
            // If it fails, there is something to take.
            let _ =
                self.head
                    .compare_exchange(RUNNING, POLLING, Ordering::AcqRel, Ordering::Relaxed);
        }
    }

    /// POLLING or HALTED -> RUNNING; a mere load if it is RUNNING. Owner only.
    ///
    /// False: a node arrived, take it first. After true every first push rings,
    /// so threads may run; they must not while the state is POLLING. To drain is
    /// `while !leave() { for each node of take() { .. } }`.
    #[inline]
    #[must_use]
    pub fn leave(&self) -> bool {
        self.become_idle(RUNNING)
    }

    /// RUNNING or POLLING -> HALTED. Owner only, with interrupts off.
    ///
    /// False: a node arrived, take it first. After true the owner may halt, if
    /// interrupts go on in the same step (`sti; hlt`): the first push rings.
    #[inline]
    #[must_use]
    pub fn try_halt(&self) -> bool {
        self.become_idle(HALTED)
    }

    /// Whether there is a node to take. A hint for other CPUs, exact for the owner
    /// in the sense that a node it misses came later.
    #[inline]
    #[must_use]
    pub fn has_mail(&self) -> bool {
        self.head.load(Ordering::Relaxed) >= FIRST_NODE
    }

    /// Whether the owner sleeps or slept when last seen; for statistics and placement.
    #[inline]
    #[must_use]
    pub fn is_halted(&self) -> bool {
        self.head.load(Ordering::Relaxed) == HALTED
    }

    #[inline]
    fn become_idle(&self, state: usize) -> bool {
        let old = self.head.load(Ordering::Relaxed);
        // Only the owner changes one state into another, so one attempt decides.
        old == state
            || old < FIRST_NODE
                && self
                    .head
                    .compare_exchange(old, state, Ordering::AcqRel, Ordering::Relaxed)
                    .is_ok()
    }
}

/// Nodes taken from a mailbox, oldest first; the taker owns them.
#[derive(Debug)]
#[must_use]
pub struct Batch {
    oldest: usize,
}

impl Batch {
    /// Turns the list that ends in a state word, newest first, around.
    #[inline]
    fn reversed<N: Nodes>(nodes: &N, newest: usize) -> Self {
        let (mut node, mut oldest) = (newest, RUNNING);
        while node >= FIRST_NODE {
            let link = nodes.link(node);
            let older = link.load(Ordering::Relaxed);
            link.store(oldest, Ordering::Relaxed);
            oldest = node;
            node = older;
        }
        Self { oldest }
    }

    /// No nodes.
    #[inline]
    pub const fn empty() -> Self {
        Self { oldest: RUNNING }
    }

    /// A node that [`Mailbox::take_only`] gave.
    #[inline]
    pub const fn of(only: usize) -> Self {
        Self { oldest: only }
    }

    /// The next node, which from now on may be pushed again.
    #[inline]
    pub fn next<N: Nodes>(&mut self, nodes: &N) -> Option<usize> {
        let node = self.oldest;
        if node < FIRST_NODE {
            return None;
        }
        self.oldest = nodes.link(node).load(Ordering::Relaxed);
        Some(node)
    }

    /// Whether no node is left.
    #[inline]
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.oldest < FIRST_NODE
    }
}

#[cfg(all(test, not(loom)))]
mod tests;
