//! No node is missed, whatever the owner does when it is pushed.

use super::mutants::{RingsFirst, SeparateFlag};
use super::{Links, explore};
use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::sync::atomic::{AtomicBool, Ordering};
use loom::thread;
use pecan_smp::mailbox::{FIRST_NODE, Mailbox, Ring};

/// A mailbox as this model uses it: the real one, or a mutant.
pub(super) trait Post: Send + Sync + 'static {
    fn new() -> Self;
    /// Pushes; calls `ring` when an interrupt is due.
    fn push(&self, links: &Links, node: usize, ring: impl Fn());
    /// Takes all and returns them, oldest first.
    fn take(&self, links: &Links) -> Vec<usize>;
    fn try_halt(&self) -> bool;
    fn has_mail(&self) -> bool;
}

impl Post for Mailbox {
    fn new() -> Self {
        Self::new()
    }
    fn push(&self, links: &Links, node: usize, ring: impl Fn()) {
        if Mailbox::push(self, links, node) == Ring::Needed {
            ring();
        }
    }
    fn take(&self, links: &Links) -> Vec<usize> {
        let mut batch = Mailbox::take(self, links);
        std::iter::from_fn(|| batch.next(links)).collect()
    }
    fn try_halt(&self) -> bool {
        Mailbox::try_halt(self)
    }
    fn has_mail(&self) -> bool {
        Mailbox::has_mail(self)
    }
}

/// A CPU: its mailbox, its interrupt line, and what the nodes carry.
struct Cpu<P> {
    post: P,
    links: Links,
    line: AtomicBool,
    messages: [UnsafeCell<usize>; 4],
}

impl<P: Post> Cpu<P> {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            post: P::new(),
            links: Links::new(),
            line: AtomicBool::new(false),
            messages: std::array::from_fn(|_| UnsafeCell::new(0)),
        })
    }

    fn send(&self, node: usize) {
        self.messages[node - FIRST_NODE].with_mut(|_| ());
        // The line is only ever swapped: loom reports a store racing with a swap falsely.
        self.post.push(&self.links, node, || {
            _ = self.line.swap(true, Ordering::AcqRel)
        });
    }

    /// Takes until there is nothing; loom checks that the messages are visible.
    fn drain(&self, seen: &mut Vec<usize>) {
        loop {
            let batch = self.post.take(&self.links);
            if batch.is_empty() {
                return;
            }
            for node in batch {
                self.messages[node - FIRST_NODE].with(|_| ());
                seen.push(node);
            }
        }
    }

    fn interrupted(&self) -> bool {
        self.line.swap(false, Ordering::AcqRel)
    }
}

/// The owner drains and stops by `stop`, resuming once if it was interrupted;
/// `senders` push the given nodes. At the end a node that was not seen must be announced.
fn nothing_is_missed<P: Post>(senders: &'static [&'static [usize]], stop: fn(&P) -> bool) {
    let cpu = Cpu::<P>::new();
    let threads: Vec<_> = senders
        .iter()
        .copied()
        .map(|nodes| {
            let cpu = Arc::clone(&cpu);
            thread::spawn(move || nodes.iter().for_each(|node| cpu.send(*node)))
        })
        .collect();
    let mut seen = Vec::new();
    // Whether the owner is going to drain again, whatever the senders do.
    let mut will_look = true;
    for _ in 0..2 {
        cpu.drain(&mut seen);
        will_look = !stop(&cpu.post) || cpu.interrupted();
        if !will_look {
            break;
        }
    }
    for sender in threads {
        sender.join().expect("a sender only pushes");
    }
    assert!(
        will_look || cpu.interrupted() || !cpu.post.has_mail(),
        "a node was missed"
    );
    cpu.drain(&mut seen);
    for nodes in senders {
        let mine: Vec<_> = seen
            .iter()
            .filter(|node| nodes.contains(node))
            .copied()
            .collect();
        assert_eq!(mine, *nodes, "lost, doubled or out of order");
    }
}

#[test]
fn two_senders_and_a_halting_owner() {
    explore(|| nothing_is_missed::<Mailbox>(&[&[3], &[4]], Mailbox::try_halt));
}

#[test]
fn two_senders_and_an_owner_that_leaves_to_run_threads() {
    explore(|| nothing_is_missed::<Mailbox>(&[&[3], &[4]], Mailbox::leave));
}

#[test]
fn pushes_during_the_drain_keep_their_order() {
    explore(|| nothing_is_missed::<Mailbox>(&[&[3, 4]], Mailbox::leave));
    explore(|| nothing_is_missed::<Mailbox>(&[&[4, 3, 5]], Mailbox::try_halt));
}

#[test]
#[should_panic(expected = "a node was missed")]
fn mutant_rings_before_it_publishes() {
    explore(|| nothing_is_missed::<RingsFirst>(&[&[3], &[4]], RingsFirst::try_halt));
}

#[test]
#[should_panic(expected = "a node was missed")]
fn mutant_has_a_separate_idle_flag_without_fences() {
    explore(|| nothing_is_missed::<SeparateFlag>(&[&[3]], SeparateFlag::try_halt));
}
