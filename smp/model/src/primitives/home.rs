//! A thread that moves from CPU 1 to CPU 2 while CPU 0 sends to it.
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
}

impl Machine {
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
}

fn move_and_send(publisher: Publisher) {
    let machine = Arc::new(Machine {
        links: Links::new(),
        mailboxes: std::array::from_fn(|_| Mailbox::new()),
        home: AtomicUsize::new(1),
        thread: UnsafeCell::new(0),
    });
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

#[test]
fn the_arriving_cpu_publishes_the_home() {
    explore(|| move_and_send(Publisher::Arriving));
}

#[test]
#[should_panic(expected = "a thread is used before it has arrived")]
fn mutant_publishes_the_home_on_departure() {
    explore(|| move_and_send(Publisher::Departing));
}
