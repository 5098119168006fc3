//! Exactly one side ends a request, and a message is not reused while it is read.

use super::mutants::LoadAndStore;
use super::{Links, explore};
use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::thread;
use pecan_smp::cpuset::Cpu;
use pecan_smp::mailbox::Mailbox;
use pecan_smp::request::{Demand, Reason, Request};
use std::sync::atomic::{AtomicU8, Ordering};

/// The agreement on a silent end: the real one, or a mutant.
pub(super) trait Agreement: Send + Sync + 'static {
    fn begun() -> Self;
    /// Whether the request had been completed silently before.
    fn demand(&self) -> bool;
    fn deliver_silently(&self) -> bool;
}

impl Agreement for Request {
    fn begun() -> Self {
        started()
    }
    fn demand(&self) -> bool {
        Request::demand(self, Reason::Behind) == Demand::Delivered
    }
    fn deliver_silently(&self) -> bool {
        Request::deliver_silently(self)
    }
}

/// A request whose holder looks first whether anybody demanded anything.
struct Seen(Request);

impl Agreement for Seen {
    fn begun() -> Self {
        Self(started())
    }
    fn demand(&self) -> bool {
        Agreement::demand(&self.0)
    }
    fn deliver_silently(&self) -> bool {
        let seen = self.0.look();
        seen.is_undemanded() && self.0.deliver_silently_as(seen)
    }
}

fn started() -> Request {
    let request = Request::new();
    request.begin();
    request
}

fn one_side_ends_it<A: Agreement>() {
    let shared = Arc::new((A::begun(), UnsafeCell::new(0)));
    let holder = thread::spawn({
        let shared = Arc::clone(&shared);
        move || {
            shared.1.with(|_| ());
            shared.0.deliver_silently()
        }
    });
    let delivered = shared.0.demand();
    if delivered {
        shared.1.with_mut(|_| ());
    }
    let silent = holder.join().expect("the holder only answers");
    assert_eq!(
        delivered, silent,
        "both sides or neither think the node is theirs"
    );
}

#[test]
fn demand_and_silent_end() {
    explore(one_side_ends_it::<Request>);
    explore(one_side_ends_it::<Seen>);
}

#[test]
#[should_panic(expected = "both sides or neither think the node is theirs")]
fn mutant_delivers_with_load_and_store() {
    explore(one_side_ends_it::<LoadAndStore>);
}

#[test]
fn a_silent_end_that_is_merely_seen_frees_the_message() {
    explore(|| {
        let shared = Arc::new((started(), UnsafeCell::new(0)));
        let holder = thread::spawn({
            let shared = Arc::clone(&shared);
            move || {
                shared.1.with(|_| ());
                assert!(shared.0.deliver_silently());
            }
        });
        // Until it is seen: loom alone would not try the order in which one look sees it.
        while !shared.0.look().is_delivered() {
            thread::yield_now();
        }
        shared.1.with_mut(|_| ());
        holder.join().expect("the holder only answers");
    });
}

/// A request ends silently on one CPU, and the asker's next one goes to another.
#[test]
fn a_request_begins_again_after_a_silent_end() {
    const NODE: usize = pecan_smp::mailbox::FIRST_NODE;
    explore(|| {
        let shared = Arc::new((started(), UnsafeCell::new(0), Mailbox::new(), Links::new()));
        let first = thread::spawn({
            let shared = Arc::clone(&shared);
            move || {
                shared.1.with(|_| ());
                shared.0.deliver_silently()
            }
        });
        let second = thread::spawn({
            let shared = Arc::clone(&shared);
            move || {
                let (request, message, mailbox, links) = &*shared;
                let mut batch = mailbox.take(links);
                if batch.next(links).is_some() {
                    message.with(|_| ());
                    assert_eq!(request.look().round(), 2, "an old request was taken");
                    assert!(request.deliver_silently(), "nobody demanded an answer");
                }
            }
        });
        if shared.0.look().is_delivered() {
            shared.1.with_mut(|_| ());
            assert_eq!(shared.0.begin(), 2);
            let _ = shared.2.push(&shared.3, NODE);
        }
        let _ = first.join().expect("the holder only answers");
        second.join().expect("the holder only answers");
    });
}

/// Who answers for a request that is queued, dequeued and ended while it is cancelled twice.
#[test]
fn a_cancelled_request_has_one_answer() {
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    enum Holder {
        Answered = 1,
        Silent = 2,
        LeftToCancel = 4,
    }
    static REACHED: AtomicU8 = AtomicU8::new(0);
    explore(|| {
        let request = Arc::new(started());
        let holder = thread::spawn({
            let request = Arc::clone(&request);
            move || {
                if !request.enqueue(Cpu(1)) {
                    Holder::Answered
                } else if !request.dequeue() {
                    Holder::LeftToCancel
                } else if request.deliver_silently() {
                    Holder::Silent
                } else {
                    Holder::Answered
                }
            }
        });
        let demands = [
            request.demand(Reason::Timeout),
            request.demand(Reason::Kill),
        ];
        let expected = match demands {
            [Demand::Recall(Cpu(1)), Demand::Outstanding] => Holder::LeftToCancel,
            [Demand::Outstanding, Demand::Outstanding] => Holder::Answered,
            [Demand::Delivered, Demand::Delivered] => Holder::Silent,
            other => panic!("impossible demands {other:?}"),
        };
        assert_eq!(holder.join().expect("the holder only answers"), expected);
        REACHED.fetch_or(expected as u8, Ordering::Relaxed);
    });
    assert_eq!(
        REACHED.load(Ordering::Relaxed),
        7,
        "loom did not try every end"
    );
}
