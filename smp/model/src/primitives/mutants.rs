//! Primitives with one rule broken.

use super::Links;
use super::mailbox::Post;
use super::request::Agreement;
use loom::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use pecan_smp::mailbox::Mailbox;

/// Asks whether to ring, rings, and only then publishes the node.
pub(super) struct RingsFirst(Mailbox);

impl Post for RingsFirst {
    fn new() -> Self {
        Self(Mailbox::new())
    }
    fn push(&self, links: &Links, node: usize, ring: impl Fn()) {
        if !self.0.has_mail() {
            ring();
        }
        let _ = self.0.push(links, node);
    }
    fn take(&self, links: &Links) -> Vec<usize> {
        Post::take(&self.0, links)
    }
    fn try_halt(&self) -> bool {
        self.0.try_halt()
    }
    fn has_mail(&self) -> bool {
        self.0.has_mail()
    }
}

/// Keeps "the owner sleeps" beside the list instead of in its head.
pub(super) struct SeparateFlag {
    list: Mailbox,
    sleeps: AtomicBool,
}

impl Post for SeparateFlag {
    fn new() -> Self {
        Self {
            list: Mailbox::new(),
            sleeps: AtomicBool::new(false),
        }
    }
    fn push(&self, links: &Links, node: usize, ring: impl Fn()) {
        let _ = self.list.push(links, node);
        if self.sleeps.load(Ordering::Acquire) {
            ring();
        }
    }
    fn take(&self, links: &Links) -> Vec<usize> {
        self.sleeps.store(false, Ordering::Release);
        Post::take(&self.list, links)
    }
    fn try_halt(&self) -> bool {
        self.sleeps.store(true, Ordering::Release);
        !self.list.has_mail()
    }
    fn has_mail(&self) -> bool {
        self.list.has_mail()
    }
}

/// Decides a silent end by a load and a store.
pub(super) struct LoadAndStore(AtomicU64);

impl Agreement for LoadAndStore {
    fn begun() -> Self {
        Self(AtomicU64::new(0))
    }
    fn demand(&self) -> bool {
        self.0.fetch_or(1, Ordering::AcqRel) & 2 != 0
    }
    fn deliver_silently(&self) -> bool {
        if self.0.load(Ordering::Acquire) & 1 != 0 {
            return false;
        }
        self.0.store(2, Ordering::Release);
        true
    }
}
