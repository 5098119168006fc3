//! An owner that takes a node that is alone, and runs a thread at once, without another look.

use super::mailbox::Post;
use super::{Links, explore};
use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::sync::atomic::{AtomicBool, Ordering};
use loom::thread;
use pecan_smp::mailbox::{FIRST_NODE, Mailbox};

struct Shared {
    mailbox: Mailbox,
    links: Links,
    line: AtomicBool,
    messages: [UnsafeCell<usize>; 4],
}

impl Shared {
    fn send(&self, node: usize) {
        self.messages[node - FIRST_NODE].with_mut(|_| ());
        Post::push(&self.mailbox, &self.links, node, || {
            _ = self.line.swap(true, Ordering::AcqRel)
        });
    }

    fn see(&self, node: usize, seen: &mut Vec<usize>) {
        self.messages[node - FIRST_NODE].with(|_| ());
        seen.push(node);
    }

    fn drain(&self, seen: &mut Vec<usize>) {
        while !self.mailbox.leave() {
            for node in Post::take(&self.mailbox, &self.links) {
                self.see(node, seen);
            }
        }
    }

    fn is_interrupted(&self) -> bool {
        self.line.swap(false, Ordering::AcqRel)
    }
}

/// The owner listens if it is `idle`; else a thread runs until it is interrupted. It takes by `take` what is alone, and all
/// there is if that finds nothing.
fn nothing_is_missed(
    idle: bool,
    senders: &'static [&'static [usize]],
    take: fn(&Shared) -> Option<usize>,
) {
    let shared = Arc::new(Shared {
        mailbox: Mailbox::new(),
        links: Links::new(),
        line: AtomicBool::new(false),
        messages: std::array::from_fn(|_| UnsafeCell::new(0)),
    });
    let threads: Vec<_> = senders
        .iter()
        .copied()
        .map(|nodes| {
            let shared = Arc::clone(&shared);
            thread::spawn(move || nodes.iter().for_each(|node| shared.send(*node)))
        })
        .collect();
    let mut seen = Vec::new();
    if idle {
        shared.mailbox.listen();
    }
    for turn in 0..3 {
        if turn == 0 && idle || shared.is_interrupted() {
            match take(&shared) {
                Some(node) => shared.see(node, &mut seen),
                None => shared.drain(&mut seen),
            }
        }
    }
    for sender in threads {
        sender.join().expect("a sender only pushes");
    }
    assert!(
        shared.is_interrupted() || !shared.mailbox.has_mail(),
        "a node was missed"
    );
    shared.drain(&mut seen);
    for nodes in senders {
        let is_mine = |node: &usize| nodes.contains(node);
        let mine: Vec<_> = seen.iter().copied().filter(is_mine).collect();
        assert_eq!(mine, *nodes, "lost, doubled or out of order");
    }
}

fn take_only(shared: &Shared) -> Option<usize> {
    shared.mailbox.take_only(&shared.links, |_| true)
}

#[test]
fn what_comes_beside_or_after_it_is_not_missed() {
    for idle in [false, true] {
        explore(move || nothing_is_missed(idle, &[&[3], &[4]], take_only));
        explore(move || nothing_is_missed(idle, &[&[3, 4, 5]], take_only));
    }
}

#[test]
#[should_panic(expected = "a node was missed")]
fn mutant_stays_polling() {
    explore(|| {
        nothing_is_missed(true, &[&[3, 4]], |shared| {
            let only = take_only(shared);
            if only.is_some() {
                shared.mailbox.listen();
            }
            only
        });
    });
}

#[test]
#[should_panic(expected = "lost, doubled or out of order")]
fn mutant_takes_all_for_one() {
    explore(|| {
        nothing_is_missed(false, &[&[3, 4]], |shared| {
            let taken = Post::take(&shared.mailbox, &shared.links);
            let _ = shared.mailbox.leave();
            taken.first().copied()
        });
    });
}
