//! An owner that handles a bounded number of nodes at a time, and runs threads in between.
//!
//! What it took and did not handle it keeps, in order, and handles first. Meanwhile the mailbox stays POLLING or has nodes in
//! it, so nobody rings: the owner must know that it has to look again, and a timer makes it.

use super::mailbox::Post;
use super::{Links, explore};
use loom::sync::Arc;
use loom::sync::atomic::{AtomicBool, Ordering};
use loom::thread;
use pecan_smp::mailbox::Mailbox;

/// The rule that a mutant lacks.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lacks {
    Nothing,
    /// The owner notes that there is more to do only if it has nodes in hand.
    LookAgain,
    /// What came since is handled before what was kept.
    KeptFirst,
}

struct Shared {
    mailbox: Mailbox,
    links: Links,
    line: AtomicBool,
}

struct Owner {
    shared: Arc<Shared>,
    lacks: Lacks,
    kept: Vec<usize>,
    /// It has to look again, whether somebody rings or not.
    postponed: bool,
    seen: Vec<usize>,
}

impl Owner {
    /// One node, then threads run.
    fn turn(&mut self) {
        let shared = Arc::clone(&self.shared);
        let (mailbox, links) = (&shared.mailbox, &shared.links);
        if !self.postponed && mailbox.leave() {
            return;
        }
        self.postponed = false;
        if self.kept.is_empty() || self.lacks == Lacks::KeptFirst {
            let mut taken = Post::take(mailbox, links);
            taken.append(&mut self.kept);
            self.kept = taken;
        }
        if !self.kept.is_empty() {
            self.seen.push(self.kept.remove(0));
        }
        if !self.kept.is_empty() {
            self.postponed = true;
        } else if self.lacks != Lacks::LookAgain {
            self.postponed = !mailbox.leave();
        }
    }

    fn is_interrupted(&self) -> bool {
        self.shared.line.swap(false, Ordering::AcqRel)
    }
}

fn turns(lacks: Lacks, senders: &'static [&'static [usize]]) {
    let shared = Arc::new(Shared {
        mailbox: Mailbox::new(),
        links: Links::new(),
        line: AtomicBool::new(false),
    });
    let threads: Vec<_> = senders
        .iter()
        .map(|nodes| {
            let shared = Arc::clone(&shared);
            thread::spawn(move || {
                for node in *nodes {
                    Post::push(&shared.mailbox, &shared.links, *node, || {
                        _ = shared.line.swap(true, Ordering::AcqRel)
                    });
                }
            })
        })
        .collect();
    let mut owner = Owner {
        shared,
        lacks,
        kept: Vec::new(),
        postponed: false,
        seen: Vec::new(),
    };
    // What it does on its own account, then when it is rung, or at a tick if it postponed something.
    owner.turn();
    for _ in 0..2 {
        if owner.postponed || owner.is_interrupted() {
            owner.turn();
        }
    }
    for sender in threads {
        sender.join().expect("a sender only pushes");
    }
    let mut left = 8;
    while owner.postponed || owner.is_interrupted() {
        owner.turn();
        left -= 1;
        assert!(left > 0, "the owner never ends");
    }
    assert!(!owner.shared.mailbox.has_mail(), "a node was missed");
    for nodes in senders {
        let is_mine = |node: &usize| nodes.contains(node);
        let mine: Vec<_> = owner.seen.iter().copied().filter(is_mine).collect();
        assert_eq!(mine, *nodes, "lost, doubled or out of order");
    }
}

#[test]
fn nothing_is_missed_a_turn_at_a_time() {
    explore(|| turns(Lacks::Nothing, &[&[3, 4]]));
    explore(|| turns(Lacks::Nothing, &[&[3, 5], &[4]]));
}

#[test]
#[should_panic(expected = "a node was missed")]
fn mutant_does_not_look_again() {
    explore(|| turns(Lacks::LookAgain, &[&[3, 4]]));
}

#[test]
#[should_panic(expected = "lost, doubled or out of order")]
fn mutant_handles_what_came_later_first() {
    explore(|| turns(Lacks::KeptFirst, &[&[3, 4, 5]]));
}
