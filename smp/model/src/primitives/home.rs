//! A thread that moves from CPU 1 to CPU 2, and back, while CPU 0 sends to it and others look for it.
//!
//! What belongs to the thread is an `UnsafeCell`: loom reports any access that is
//! not ordered after the last owner's.

use super::{Links, explore};
use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::thread;
use pecan_smp::mailbox::Mailbox;

const ARRIVE: usize = 3;
const REQUEST: usize = 4;

/// Added to a home word, the CPU that published itself last: the thread has left it.
const LEFT: usize = 10;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Publisher {
    Arriving,
    Departing,
}

struct Machine {
    links: Links,
    mailboxes: [Mailbox; 3],
    home: AtomicUsize,
    thread: UnsafeCell<u32>,
    /// How many requests the thread got.
    served: AtomicUsize,
}

impl Machine {
    /// The thread lives on CPU 1.
    fn new() -> Self {
        Self {
            links: Links::new(),
            mailboxes: std::array::from_fn(|_| Mailbox::new()),
            home: AtomicUsize::new(1),
            thread: UnsafeCell::new(0),
            served: AtomicUsize::new(0),
        }
    }

    fn send(&self, cpu: usize, node: usize) {
        let _ = self.mailboxes[cpu].push(&self.links, node);
    }

    fn take(&self, cpu: usize) -> Vec<usize> {
        let mut batch = self.mailboxes[cpu].take(&self.links);
        std::iter::from_fn(|| batch.next(&self.links)).collect()
    }

    /// CPU 1: sends the thread away, then forwards what still comes for it.
    fn depart(&self, publisher: Publisher) {
        self.thread.with_mut(|_| ());
        self.send(2, ARRIVE);
        if publisher == Publisher::Departing {
            self.home.store(2, Ordering::Release);
        }
        self.take(1).into_iter().for_each(|node| self.send(2, node));
    }

    /// CPU 2: its own threads look at the home at any time, then it drains.
    fn receive(&self, publisher: Publisher) {
        let mut arrived = false;
        for _ in 0..2 {
            if self.home.load(Ordering::Relaxed) == 2 {
                assert!(arrived, "a thread is used before it has arrived");
                self.thread.with_mut(|_| ());
            }
            for node in self.take(2) {
                if node == ARRIVE {
                    self.thread.with_mut(|_| ());
                    arrived = true;
                    if publisher == Publisher::Arriving {
                        self.home.store(2, Ordering::Release);
                    }
                } else {
                    assert!(arrived, "a request overtook the thread");
                    self.thread.with_mut(|_| ());
                }
            }
        }
    }

    /// CPU `cpu` looks for a thread that lives there, as the short path of a message does: one load without any order.
    fn look(&self, cpu: usize) {
        if self.home.load(Ordering::Relaxed) == cpu {
            self.thread.with_mut(|_| ());
        }
    }

    /// Sends the thread from `cpu`, where it lives, to CPU `there`.
    fn leave(&self, cpu: usize, there: usize, marks: bool) {
        self.thread.with_mut(|_| ());
        if marks {
            self.home.store(cpu + LEFT, Ordering::Relaxed);
        }
        self.send(there, ARRIVE);
    }

    /// CPU `cpu`, which may have sent the thread to CPU `other`, takes what came for it. True: the thread has arrived.
    fn handle(&self, cpu: usize, other: usize) -> bool {
        let mut arrived = false;
        for node in self.take(cpu) {
            if node == ARRIVE {
                self.home.store(cpu, Ordering::Release);
                arrived = true;
            } else if self.home.load(Ordering::Acquire) == cpu {
                self.thread.with_mut(|_| ());
                self.served.fetch_add(1, Ordering::Relaxed);
            } else {
                self.send(other, REQUEST);
            }
        }
        arrived
    }
}

fn move_and_send(publisher: Publisher) {
    let machine = Arc::new(Machine::new());
    let departing = thread::spawn({
        let machine = Arc::clone(&machine);
        move || machine.depart(publisher)
    });
    let sending = thread::spawn({
        let machine = Arc::clone(&machine);
        move || machine.send(machine.home.load(Ordering::Acquire), REQUEST)
    });
    machine.receive(publisher);
    departing.join().expect("departing only pushes");
    sending.join().expect("sending only pushes");
}

/// The thread goes from CPU 1 to CPU 2 and back, while both look for it and CPU 0 sends to it.
fn there_and_back(marks: bool) {
    let machine = Arc::new(Machine::new());
    let second = thread::spawn({
        let machine = Arc::clone(&machine);
        move || {
            if machine.handle(2, 1) {
                machine.look(2);
                machine.leave(2, 1, marks);
            }
            machine.look(2);
        }
    });
    let sending = thread::spawn({
        let machine = Arc::clone(&machine);
        move || {
            let home = machine.home.load(Ordering::Acquire);
            machine.send(home % LEFT, REQUEST);
        }
    });
    machine.look(1);
    machine.leave(1, 2, marks);
    let _ = machine.handle(1, 2);
    machine.look(1);
    second.join().expect("a CPU only takes and sends");
    sending.join().expect("sending only pushes");
    // What was sent is on its way to the thread, and gets there.
    for _ in 0..2 {
        let _ = machine.handle(1, 2) || machine.handle(2, 1);
    }
    let _ = machine.handle(1, 2);
    assert_eq!(
        machine.served.load(Ordering::Relaxed),
        1,
        "a request was lost"
    );
}

#[test]
fn whoever_looks_finds_the_thread_only_at_home() {
    explore(|| there_and_back(true));
}

#[test]
#[should_panic(expected = "Causality violation")]
fn mutant_leaves_without_a_word() {
    explore(|| there_and_back(false));
}

#[test]
fn the_arriving_cpu_publishes_the_home() {
    explore(|| move_and_send(Publisher::Arriving));
}

#[test]
#[should_panic(expected = "a thread is used before it has arrived")]
fn mutant_publishes_the_home_on_departure() {
    explore(|| move_and_send(Publisher::Departing));
}
