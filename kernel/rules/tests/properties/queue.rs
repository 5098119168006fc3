//! Send queues against vectors.

use std::collections::VecDeque;

use pecan_rules::queue::{QueueStore, SendQueue};
use proptest::prelude::{Strategy, prop_oneof, proptest};

const THREADS: usize = 6;

/// Links of each thread: next, prev.
struct Links([(usize, usize); THREADS]);

impl QueueStore for Links {
    type Thread = usize;

    fn next(&self, thread: usize) -> usize {
        self.0[thread].0
    }
    fn prev(&self, thread: usize) -> usize {
        self.0[thread].1
    }
    fn set_next(&mut self, thread: usize, next: usize) {
        self.0[thread].0 = next;
    }
    fn set_prev(&mut self, thread: usize, prev: usize) {
        self.0[thread].1 = prev;
    }
}

#[derive(Clone, Copy, Debug)]
enum Op {
    /// Queue up, unless in a queue.
    Push(usize, usize),
    /// Leave the queue one is in.
    Remove(usize),
    Pop(usize),
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        3 => (0..2usize, 0..THREADS).prop_map(|(queue, thread)| Op::Push(queue, thread)),
        1 => (0..THREADS).prop_map(Op::Remove),
        1 => (0..2usize).prop_map(Op::Pop),
    ]
}

fn content(queue: &SendQueue<usize>, links: &Links) -> Vec<usize> {
    std::iter::successors(queue.front(), |&thread| queue.next(links, thread))
        .take(THREADS + 1)
        .collect()
}

proptest! {
    #![proptest_config(crate::config(400))]

    #[test]
    fn like_vectors(ops in proptest::collection::vec(op(), crate::history())) {
        let mut links = Links([(77, 77); THREADS]);
        let mut queues = [SendQueue::new(), SendQueue::new()];
        let mut naive = [VecDeque::new(), VecDeque::new()];
        for op in ops {
            match op {
                Op::Push(queue, thread) if naive.iter().all(|queue| !queue.contains(&thread)) => {
                    queues[queue].push(&mut links, thread);
                    naive[queue].push_back(thread);
                }
                Op::Push(..) => {}
                Op::Remove(thread) => {
                    for (queue, naive) in queues.iter_mut().zip(&mut naive) {
                        if naive.contains(&thread) {
                            queue.remove(&mut links, thread);
                            naive.retain(|&other| other != thread);
                        }
                    }
                }
                Op::Pop(queue) => assert_eq!(queues[queue].pop_front(&mut links), naive[queue].pop_front()),
            }
            for (queue, naive) in queues.iter().zip(&naive) {
                assert_eq!(content(queue, &links), Vec::from(naive.clone()));
                assert_eq!(queue.is_empty(), naive.is_empty());
                assert_eq!(queue.check(&links), Ok(()));
            }
        }
    }
}

#[test]
fn check_finds_damage() {
    let (mut links, mut queue) = (Links([(0, 0); THREADS]), SendQueue::new());
    (0..3).for_each(|thread| queue.push(&mut links, thread));
    links.0[1].1 = 2;
    assert!(queue.check(&links).is_err());
}
