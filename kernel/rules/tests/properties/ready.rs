//! Ready lists against a queue per priority.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use pecan_rules::ready::{Glance, ReadyLists, ReadyStore};
use proptest::prelude::{Just, Strategy, any, prop_oneof, proptest};
use proptest::sample::select;

const THREADS: usize = 8;
const SLICE: u32 = 3;

#[derive(Clone, Copy)]
struct Thread {
    priority: u8,
    ready: bool,
    listed: bool,
    slice: u32,
    next: usize,
    prev: usize,
}

struct Store(Vec<Thread>);

impl Store {
    fn new() -> Self {
        let thread = Thread {
            priority: 100,
            ready: true,
            listed: false,
            slice: SLICE,
            next: 99,
            prev: 99,
        };
        Self(vec![thread; THREADS])
    }
}

impl ReadyStore for Store {
    type Thread = usize;

    fn priority(&self, thread: usize) -> u8 {
        self.0[thread].priority
    }
    fn is_ready(&self, thread: usize) -> bool {
        self.0[thread].ready
    }
    fn is_listed(&self, thread: usize) -> bool {
        self.0[thread].listed
    }
    fn set_listed(&mut self, thread: usize, listed: bool) {
        self.0[thread].listed = listed;
    }
    fn next(&self, thread: usize) -> usize {
        self.0[thread].next
    }
    fn prev(&self, thread: usize) -> usize {
        self.0[thread].prev
    }
    fn set_next(&mut self, thread: usize, next: usize) {
        self.0[thread].next = next;
    }
    fn set_prev(&mut self, thread: usize, prev: usize) {
        self.0[thread].prev = prev;
    }
    fn slice_left(&self, thread: usize) -> bool {
        self.0[thread].slice > 0
    }
    fn refill_slice(&mut self, thread: usize) {
        self.0[thread].slice = SLICE;
    }
}

/// The model: per priority, who is listed, in the order of turns; and everybody's slice.
struct Naive {
    turns: BTreeMap<u8, VecDeque<usize>>,
    slices: [u32; THREADS],
}

impl Naive {
    fn new() -> Self {
        Self {
            turns: BTreeMap::new(),
            slices: [SLICE; THREADS],
        }
    }

    fn is_listed(&self, thread: usize) -> bool {
        self.turns.values().any(|turns| turns.contains(&thread))
    }

    fn remove(&mut self, thread: usize) {
        self.turns
            .values_mut()
            .for_each(|turns| turns.retain(|&other| other != thread));
    }

    fn enqueue(&mut self, store: &Store, thread: usize) {
        if !self.is_listed(thread) {
            if self.slices[thread] == 0 {
                self.slices[thread] = SLICE;
            }
            self.turns
                .entry(store.0[thread].priority)
                .or_default()
                .push_back(thread);
        }
    }

    fn enqueue_first(&mut self, store: &Store, thread: usize) {
        self.remove(thread);
        self.turns
            .entry(store.0[thread].priority)
            .or_default()
            .push_front(thread);
    }

    /// Drops whom the search meets before it finds a ready thread.
    fn top(&mut self, store: &Store) -> Option<u8> {
        for (&priority, turns) in self.turns.iter_mut().rev() {
            while let Some(&thread) = turns.front() {
                if store.0[thread].ready {
                    return Some(priority);
                }
                turns.pop_front();
            }
        }
        None
    }

    fn yield_from(&mut self, store: &Store, thread: usize) {
        self.slices[thread] = SLICE;
        self.remove(thread);
        self.turns
            .entry(store.0[thread].priority)
            .or_default()
            .push_back(thread);
    }

    fn pick(&mut self, store: &Store) -> Option<usize> {
        for turns in self.turns.values_mut().rev() {
            while let Some(&thread) = turns.front() {
                if !store.0[thread].ready {
                    turns.pop_front();
                } else if self.slices[thread] == 0 {
                    self.slices[thread] = SLICE;
                    turns.rotate_left(1);
                } else {
                    return Some(thread);
                }
            }
        }
        None
    }
}

#[derive(Clone, Copy, Debug)]
enum Op {
    Enqueue(usize),
    EnqueueFirst(usize),
    Remove(usize),
    Block(usize),
    Unblock(usize),
    UseUp(usize),
    Yield(usize),
    Priority(usize, u8),
    Pick,
    Top,
}

fn op() -> impl Strategy<Value = Op> {
    let thread = || 0..THREADS;
    prop_oneof![
        4 => thread().prop_map(Op::Enqueue),
        2 => thread().prop_map(Op::EnqueueFirst),
        1 => thread().prop_map(Op::Remove),
        3 => thread().prop_map(Op::Block),
        2 => thread().prop_map(Op::Unblock),
        2 => thread().prop_map(Op::UseUp),
        1 => thread().prop_map(Op::Yield),
        2 => (thread(), select(vec![0, 1, 100, 254, 255])).prop_map(|(thread, priority)| Op::Priority(thread, priority)),
        4 => Just(Op::Pick),
        2 => Just(Op::Top),
    ]
}

/// What must hold for whoever is picked, whatever the model says.
fn assert_picked_well(store: &Store, listed: &BTreeSet<usize>, picked: Option<usize>) {
    let best = listed
        .iter()
        .filter(|&&thread| store.0[thread].ready)
        .map(|&thread| store.0[thread].priority)
        .max();
    assert_eq!(picked.map(|thread| store.0[thread].priority), best);
    if let Some(thread) = picked {
        assert!(store.0[thread].ready && store.0[thread].listed && store.0[thread].slice > 0);
    }
}

proptest! {
    #![proptest_config(crate::config(400))]

    #[test]
    fn like_a_queue_per_priority(ops in proptest::collection::vec(op(), crate::history())) {
        let (mut store, mut lists, mut naive) = (Store::new(), ReadyLists::new(), Naive::new());
        for op in ops {
            match op {
                Op::Enqueue(thread) => {
                    lists.enqueue(&mut store, thread);
                    naive.enqueue(&store, thread);
                }
                Op::EnqueueFirst(thread) => {
                    lists.enqueue_first(&mut store, thread);
                    assert!(lists.is_first(&store, thread));
                    naive.enqueue_first(&store, thread);
                }
                Op::Remove(thread) => {
                    lists.remove(&mut store, thread);
                    naive.remove(thread);
                }
                Op::Block(thread) => store.0[thread].ready = false,
                Op::Unblock(thread) => store.0[thread].ready = true,
                Op::UseUp(thread) => (store.0[thread].slice, naive.slices[thread]) = (0, 0),
                Op::Yield(thread) => {
                    lists.yield_from(&mut store, thread);
                    naive.yield_from(&store, thread);
                }
                Op::Priority(thread, priority) => {
                    lists.remove(&mut store, thread);
                    naive.remove(thread);
                    store.0[thread].priority = priority;
                    lists.enqueue(&mut store, thread);
                    naive.enqueue(&store, thread);
                }
                Op::Top => {
                    let best = (0..THREADS)
                        .filter(|&thread| store.0[thread].listed && store.0[thread].ready)
                        .map(|thread| store.0[thread].priority)
                        .max();
                    assert_eq!(lists.top(&mut store), best);
                    assert_eq!(naive.top(&store), best);
                }
                Op::Pick => {
                    let listed = (0..THREADS).filter(|&thread| store.0[thread].listed).collect();
                    let glance = lists.glance(&store);
                    let picked = lists.pick(&mut store);
                    assert_picked_well(&store, &listed, picked);
                    match glance {
                        Glance::Thread(thread) => assert_eq!(picked, Some(thread)),
                        Glance::Nobody => assert_eq!(picked, None),
                        Glance::Unclear => {}
                    }
                    let clear = picked.map_or(Glance::Nobody, Glance::Thread);
                    assert_eq!(lists.glance(&store), clear, "after a pick all is in order");
                    assert_eq!(picked, naive.pick(&store));
                }
            }
            assert_eq!(lists.check(&store), Ok(()));
            for (thread, state) in store.0.iter().enumerate() {
                assert_eq!(state.listed, naive.is_listed(thread), "thread {thread} after {op:?}");
                assert_eq!(state.slice, naive.slices[thread], "thread {thread} after {op:?}");
                assert!(!state.listed || state.priority <= lists.highest());
                assert!(state.listed || !lists.is_first(&store, thread));
            }
        }
    }

    /// While the same threads stay ready, each runs once in a round, however they leave the processor.
    #[test]
    fn nobody_starves(ready in proptest::collection::vec(any::<bool>(), THREADS), yields in proptest::collection::vec(any::<bool>(), 3 * THREADS)) {
        let (mut store, mut lists) = (Store::new(), ReadyLists::new());
        for (thread, &ready) in ready.iter().enumerate() {
            store.0[thread].ready = ready;
            lists.enqueue(&mut store, thread);
        }
        let expected: Vec<usize> = (0..THREADS).filter(|&thread| ready[thread]).collect();
        let mut yields = yields.into_iter();
        for _round in 0..3 {
            for &thread in &expected {
                assert_eq!(lists.pick(&mut store), Some(thread));
                assert_eq!(lists.pick(&mut store), Some(thread), "it runs on while its slice lasts");
                if yields.next() == Some(true) {
                    lists.yield_from(&mut store, thread);
                } else {
                    store.0[thread].slice = 0;
                }
            }
        }
        if expected.is_empty() {
            assert_eq!(lists.pick(&mut store), None);
        }
    }
}

/// Who was interrupted goes on first; nobody else loses or gains a turn by it.
#[test]
fn the_interrupted_goes_on() {
    let (mut store, mut lists) = (Store::new(), ReadyLists::new());
    (0..3).for_each(|thread| lists.enqueue(&mut store, thread));
    for interrupted in [2, 3] {
        lists.enqueue_first(&mut store, interrupted);
        assert_eq!(lists.pick(&mut store), Some(interrupted));
    }
    let mut turns = [3, 2, 0, 1].into_iter().cycle();
    for _ in 0..8 {
        let thread = lists.pick(&mut store);
        assert_eq!(thread, turns.next());
        store.0[thread.expect("all are ready")].slice = 0;
    }
}

/// Blocking and waking a listed thread costs no list operation, and it keeps its turn.
#[test]
fn lists_are_lazy() {
    let (mut store, mut lists) = (Store::new(), ReadyLists::new());
    (0..3).for_each(|thread| lists.enqueue(&mut store, thread));
    store.0[0].ready = false;
    store.0[0].ready = true;
    assert_eq!(lists.pick(&mut store), Some(0));
    store.0[0].ready = false;
    store.0[2].ready = false;
    assert_eq!(lists.pick(&mut store), Some(1));
    assert!(!store.0[0].listed, "met and dropped");
    assert!(store.0[2].listed, "not met");
}

#[test]
fn check_finds_damage() {
    let damages: [fn(&mut Store); 4] = [
        |store| store.0[1].listed = false,
        |store| store.0[1].priority = 3,
        |store| store.0[1].next = 1,
        |store| (store.0[0].priority, store.0[1].priority) = (101, 101),
    ];
    for damage in damages {
        let (mut store, mut lists) = (Store::new(), ReadyLists::new());
        lists.enqueue(&mut store, 0);
        lists.enqueue(&mut store, 1);
        assert_eq!(lists.check(&store), Ok(()));
        damage(&mut store);
        assert!(lists.check(&store).is_err());
    }
}
