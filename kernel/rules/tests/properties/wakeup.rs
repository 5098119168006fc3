//! The wakeup queue against a sorted set of deadlines.

use std::cell::Cell;
use std::collections::BTreeMap;

use pecan_rules::deadline::NEVER;
use pecan_rules::wakeup::{UNLISTED, WakeupQueue, WakeupStore};
use proptest::prelude::{Strategy, prop_oneof, proptest};

#[derive(Clone, Copy)]
struct Thread {
    deadline: u64,
    bucket: u8,
    next: usize,
    prev: usize,
}

struct Store {
    threads: Vec<Thread>,
    /// Accesses to links.
    work: Cell<usize>,
}

impl Store {
    fn new(threads: usize) -> Self {
        let thread = Thread {
            deadline: NEVER,
            bucket: UNLISTED,
            next: 99,
            prev: 99,
        };
        Self {
            threads: vec![thread; threads],
            work: Cell::new(0),
        }
    }

    fn count(&self) {
        self.work.set(self.work.get() + 1);
    }
}

impl WakeupStore for Store {
    type Thread = usize;

    fn deadline(&self, thread: usize) -> u64 {
        self.threads[thread].deadline
    }
    fn bucket(&self, thread: usize) -> u8 {
        self.threads[thread].bucket
    }
    fn set_bucket(&mut self, thread: usize, bucket: u8) {
        self.threads[thread].bucket = bucket;
    }
    fn next(&self, thread: usize) -> usize {
        self.count();
        self.threads[thread].next
    }
    fn prev(&self, thread: usize) -> usize {
        self.count();
        self.threads[thread].prev
    }
    fn set_next(&mut self, thread: usize, next: usize) {
        self.count();
        self.threads[thread].next = next;
    }
    fn set_prev(&mut self, thread: usize, prev: usize) {
        self.count();
        self.threads[thread].prev = prev;
    }
}

const THREADS: usize = 7;

#[derive(Clone, Copy, Debug)]
enum Op {
    Arm(usize, u64),
    /// Sets a deadline to the very end of time.
    ArmLast(usize),
    Disarm(usize),
    Remove(usize),
    Advance(u64),
}

/// Spans of all magnitudes.
fn span() -> impl Strategy<Value = u64> {
    (0..40u32, 0..1u64 << 40).prop_map(|(bits, random)| random >> bits)
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        6 => (0..THREADS, span()).prop_map(|(thread, span)| Op::Arm(thread, span)),
        1 => (0..THREADS).prop_map(Op::ArmLast),
        1 => (0..THREADS).prop_map(Op::Disarm),
        1 => (0..THREADS).prop_map(Op::Remove),
        4 => span().prop_map(Op::Advance),
    ]
}

fn advance(queue: &mut WakeupQueue<usize>, store: &mut Store, now: u64) -> BTreeMap<usize, u64> {
    let mut woken = BTreeMap::new();
    queue.expire(store, now);
    while let Some(thread) = queue.take_due(store) {
        assert_eq!(store.bucket(thread), UNLISTED);
        let deadline = std::mem::replace(&mut store.threads[thread].deadline, NEVER);
        assert_eq!(woken.insert(thread, deadline), None, "woken twice");
    }
    woken
}

proptest! {
    #![proptest_config(crate::config(400))]

    #[test]
    fn like_a_sorted_set(ops in proptest::collection::vec(op(), crate::history())) {
        let (mut store, mut queue, mut now) = (Store::new(THREADS), WakeupQueue::new(), 0);
        let mut naive = BTreeMap::new();
        for op in ops {
            match op {
                Op::Arm(thread, _) | Op::ArmLast(thread) => {
                    let deadline = if let Op::Arm(_, span) = op { now + span } else { NEVER - 1 };
                    store.threads[thread].deadline = deadline;
                    queue.arm(&mut store, thread);
                    naive.insert(thread, deadline);
                }
                Op::Disarm(thread) => {
                    let bucket = store.bucket(thread);
                    store.threads[thread].deadline = NEVER;
                    queue.arm(&mut store, thread);
                    assert_eq!(store.bucket(thread), bucket);
                    naive.remove(&thread);
                }
                Op::Remove(thread) => {
                    store.threads[thread].deadline = NEVER;
                    queue.remove(&mut store, thread);
                    assert_eq!(store.bucket(thread), UNLISTED);
                    naive.remove(&thread);
                }
                Op::Advance(span) => {
                    now += span;
                    let woken = advance(&mut queue, &mut store, now);
                    let due = naive.extract_if(.., |_, deadline| *deadline <= now).collect();
                    assert_eq!(woken, due);
                    assert!(queue.earliest().is_none_or(|earliest| earliest > now));
                }
            }
            assert_eq!(queue.check(&store), Ok(()));
            if let Some(first) = naive.values().min() {
                assert!(queue.earliest().is_some_and(|earliest| earliest <= *first));
            }
        }
        assert_eq!(advance(&mut queue, &mut store, NEVER - 1), naive);
        assert_eq!(queue.earliest(), None);
    }
}

/// Many threads that set a second's timeout again each millisecond: the queue is hardly touched.
#[test]
fn timeouts_that_never_pass_are_cheap() {
    let (threads, seconds) = if cfg!(miri) { (2, 1) } else { (100, 10) };
    let (mut store, mut queue) = (Store::new(threads), WakeupQueue::new());
    for milli in 0..seconds * 1000 {
        let now = milli * 1000;
        for thread in 0..threads {
            store.threads[thread].deadline = now + 1_000_000;
            queue.arm(&mut store, thread);
        }
        assert!(advance(&mut queue, &mut store, now).is_empty());
    }
    // About 10 accesses to link a thread and 1 to pass it, once in a second.
    let limit = threads * (seconds as usize + 1) * 12;
    assert!(
        store.work.get() <= limit,
        "{} accesses, at most {limit}",
        store.work.get()
    );
}

/// Far deadlines are not looked at while near ones come and go, even where one of the far threads turns to near ones.
#[test]
fn far_threads_are_left_alone() {
    let threads = if cfg!(miri) { 100 } else { 1000 };
    let (mut store, mut queue) = (Store::new(threads), WakeupQueue::new());
    for thread in 0..threads {
        store.threads[thread].deadline = 60_000_000 + thread as u64;
        queue.arm(&mut store, thread);
    }
    let before = store.work.get();
    for now in (0..100_000).step_by(1000) {
        store.threads[0].deadline = now + 500;
        queue.arm(&mut store, 0);
        assert_eq!(advance(&mut queue, &mut store, now + 500).len(), 1);
    }
    assert!(store.work.get() - before <= 100 * 20);
}

#[test]
fn a_later_deadline_costs_nothing() {
    let (mut store, mut queue) = (Store::new(3), WakeupQueue::new());
    for thread in 0..3 {
        store.threads[thread].deadline = 500;
        queue.arm(&mut store, thread);
    }
    let before = store.work.get();
    store.threads[1].deadline = 60_000_000;
    queue.arm(&mut store, 1);
    assert_eq!(store.work.get(), before);
    assert_eq!(advance(&mut queue, &mut store, 500).len(), 2);
    assert_eq!(queue.earliest(), Some(60_000_000));
}

#[test]
fn check_finds_damage() {
    let damages: [fn(&mut Store); 3] = [
        |store| store.threads[1].bucket = 3,
        |store| store.threads[1].deadline = 1,
        |store| store.threads[1].next = 1,
    ];
    for damage in damages {
        let (mut store, mut queue) = (Store::new(2), WakeupQueue::new());
        for thread in 0..2 {
            store.threads[thread].deadline = 100;
            queue.arm(&mut store, thread);
        }
        assert_eq!(queue.check(&store), Ok(()));
        damage(&mut store);
        assert!(queue.check(&store).is_err());
    }
}

/// Who is woken may see to it that others who are due are not.
#[test]
fn who_is_due_may_be_changed_before_it_is_taken() {
    let (mut store, mut queue) = (Store::new(5), WakeupQueue::new());
    for thread in 0..5 {
        store.threads[thread].deadline = 10;
        queue.arm(&mut store, thread);
    }
    queue.expire(&mut store, 10);
    let first = queue.take_due(&mut store).expect("five are due");
    let others: Vec<usize> = (0..5).filter(|thread| *thread != first).collect();
    // One leaves, one is disarmed, one is armed anew.
    queue.remove(&mut store, others[0]);
    store.threads[others[1]].deadline = NEVER;
    store.threads[others[2]].deadline = 5000;
    queue.arm(&mut store, others[2]);
    assert_eq!(queue.take_due(&mut store), Some(others[3]));
    assert_eq!(queue.take_due(&mut store), None);
    assert_eq!(store.bucket(others[1]), UNLISTED);
    assert_eq!(queue.check(&store), Ok(()));
    queue.expire(&mut store, 5000);
    assert_eq!(queue.take_due(&mut store), Some(others[2]));
    assert_eq!(queue.take_due(&mut store), None);
}
