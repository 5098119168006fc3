//! The account of one sender and one receiver.
//!
//! Each side has its own half, which only it writes: how many messages, the sum of their (mixed) numbers, and the last
//! number. A send that reported success is entered by the sender, a message that came by the receiver. Numbers rise,
//! also over failed attempts, so the receiver sees a message that comes twice or too late at once; in the end, equal
//! counts and sums mean that exactly the messages that were sent came.
//!
//! A message that was cut is entered by both, too, with a stamp that says where and why; so equal sums also mean that both
//! were told the same.
//!
//! A worker can be deleted between any two instructions, so an entry is made by a single store.

use core::sync::atomic::{
    AtomicU64,
    Ordering::{Acquire, Relaxed, Release},
};

use crate::random::mix;
use crate::wrong::What;

/// How many numbers were entered, and the sum of their mixed values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Total {
    /// How many.
    pub count: u64,
    /// Sum of [`mix`] over the numbers and stamps, wrapping.
    pub sum: u64,
    /// The stamp of the last one: 0 if the message was whole.
    pub stamp: u64,
}

/// Two totals, one of them valid, and a word that says which and what the last number is.
struct Half {
    totals: [[AtomicU64; 3]; 2],
    /// Last number in bits 1-63, index of the valid total in bit 0.
    valid: AtomicU64,
}

impl Half {
    const fn new() -> Self {
        Self {
            totals: [const { [const { AtomicU64::new(0) }; 3] }; 2],
            valid: AtomicU64::new(0),
        }
    }

    fn last(&self) -> u64 {
        self.valid.load(Acquire) >> 1
    }

    fn total(&self) -> Total {
        let [count, sum, stamp] = &self.totals[(self.valid.load(Acquire) & 1) as usize];
        Total {
            count: count.load(Relaxed),
            sum: sum.load(Relaxed),
            stamp: stamp.load(Relaxed),
        }
    }

    /// Enters `number`: prepares the other total, then makes it valid.
    fn enter(&self, number: u64, stamp: u64) {
        let before = self.total();
        let next = self.valid.load(Relaxed) & 1 ^ 1;
        let [count, sum, last_stamp] = &self.totals[next as usize];
        count.store(before.count + 1, Relaxed);
        sum.store(before.sum.wrapping_add(value(number, stamp)), Relaxed);
        last_stamp.store(stamp, Relaxed);
        self.valid.store(number << 1 | next, Release);
    }
}

/// What an entry adds to the sum.
const fn value(number: u64, stamp: u64) -> u64 {
    mix(number).wrapping_add(stamp)
}

/// The account of messages from one worker to another.
pub struct Pair {
    attempts: AtomicU64,
    sent: Half,
    received: Half,
}

impl Pair {
    /// No message yet.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            attempts: AtomicU64::new(0),
            sent: Half::new(),
            received: Half::new(),
        }
    }

    /// The sender's next number, from 1.
    pub fn attempt(&self) -> u64 {
        let number = self.attempts.load(Relaxed) + 1;
        self.attempts.store(number, Release);
        number
    }

    /// The sender learned that `number` was sent, or cut with that `stamp`.
    pub fn enter_sent(&self, number: u64, stamp: u64) {
        self.sent.enter(number, stamp);
    }

    /// The receiver got `number`, or that part of it.
    ///
    /// # Errors
    /// It came before, comes too late, or was never sent.
    pub fn enter_received(&self, number: u64, stamp: u64) -> Result<(), What> {
        let last = self.received.last();
        if number == last {
            return Err(What::Doubled);
        }
        if number < last {
            return Err(What::Reordered);
        }
        if number > self.last_tried() {
            return Err(What::NeverSent);
        }
        self.received.enter(number, stamp);
        Ok(())
    }

    /// The last number that the sender tried to send; 0 if it never did.
    pub fn last_tried(&self) -> u64 {
        self.attempts.load(Acquire)
    }

    /// The last number that was sent with success; 0 if none was.
    pub fn last_sent(&self) -> u64 {
        self.sent.last()
    }

    /// The last number that came; 0 if none did.
    pub fn last_received(&self) -> u64 {
        self.received.last()
    }

    /// The stamp of the last message that came.
    pub fn received_stamp(&self) -> u64 {
        self.received.total().stamp
    }

    /// The stamp of the last message that was sent.
    pub fn sent_stamp(&self) -> u64 {
        self.sent.total().stamp
    }

    /// Messages that came, whole or in part, and the sum over them.
    pub fn came(&self) -> Total {
        self.received.total()
    }

    /// The last number whose sending is known to have succeeded and that did not come, if it can only be the last one.
    pub fn missing(&self) -> Option<u64> {
        let sent = self.last_sent();
        (sent > self.last_received()).then_some(sent)
    }

    /// Compares both halves when neither side works any more.
    ///
    /// # Errors
    /// What is wrong, with the number if it is a single message, else how many there are.
    pub fn reconcile(&self) -> Result<(), (What, u64)> {
        let (sent, received) = (self.sent.total(), self.received.total());
        if (sent.count, sent.sum) == (received.count, received.sum) {
            return Ok(());
        }
        if sent.count == received.count {
            return Err((What::Disagree, sent.count));
        }
        let (what, more, less) = if sent.count > received.count {
            (What::Lost, sent, received)
        } else {
            (What::Phantom, received, sent)
        };
        let count = more.count - less.count;
        let difference = more.sum.wrapping_sub(less.sum);
        let attempts = self.last_tried();
        let single = (1..=attempts).find(|number| count == 1 && mix(*number) == difference);
        Err((what, single.unwrap_or(count)))
    }
}

impl Default for Pair {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::Pair;
    use crate::wrong::What;

    /// Sends `count` messages, of which every third attempt fails, and gives the numbers of the others.
    fn send(pair: &Pair, count: usize) -> Vec<u64> {
        let numbers: Vec<u64> = (0..count)
            .map(|_| pair.attempt())
            .filter(|n| n % 3 != 0)
            .collect();
        for number in &numbers {
            pair.enter_sent(*number, 0);
        }
        numbers
    }

    fn receive(pair: &Pair, numbers: &[u64]) -> Result<(), What> {
        numbers.iter().try_for_each(|n| pair.enter_received(*n, 0))
    }

    #[test]
    fn all_received_once_in_order() {
        let pair = Pair::new();
        let numbers = send(&pair, 1000);
        assert_eq!(receive(&pair, &numbers), Ok(()));
        assert_eq!(pair.reconcile(), Ok(()));
        assert_eq!(pair.missing(), None);
    }

    #[test]
    fn each_lost_message_is_named() {
        for lost in [0, 1, 500, 665] {
            let pair = Pair::new();
            let mut numbers = send(&pair, 1000);
            let number = numbers.remove(lost);
            assert_eq!(receive(&pair, &numbers), Ok(()));
            assert_eq!(pair.reconcile(), Err((What::Lost, number)));
        }
    }

    #[test]
    fn several_lost_messages_are_counted() {
        let pair = Pair::new();
        let mut numbers = send(&pair, 1000);
        numbers.truncate(100);
        assert_eq!(receive(&pair, &numbers), Ok(()));
        assert_eq!(pair.reconcile(), Err((What::Lost, 567)));
    }

    #[test]
    fn a_doubled_message_is_noticed_at_once() {
        let pair = Pair::new();
        send(&pair, 10);
        assert_eq!(receive(&pair, &[1, 2, 2]), Err(What::Doubled));
    }

    #[test]
    fn a_reordered_message_is_noticed_at_once() {
        let pair = Pair::new();
        send(&pair, 10);
        assert_eq!(receive(&pair, &[1, 4, 2]), Err(What::Reordered));
    }

    #[test]
    fn a_message_from_nowhere_is_noticed_at_once() {
        let pair = Pair::new();
        send(&pair, 10);
        assert_eq!(receive(&pair, &[1, 11]), Err(What::NeverSent));
    }

    #[test]
    fn a_message_whose_sending_failed_is_noticed() {
        let pair = Pair::new();
        let mut numbers = send(&pair, 10);
        numbers.push(9);
        numbers.sort_unstable();
        assert_eq!(receive(&pair, &numbers), Ok(()));
        assert_eq!(pair.reconcile(), Err((What::Phantom, 9)));
    }

    #[test]
    fn a_swapped_pair_of_mistakes_is_noticed() {
        let pair = Pair::new();
        let numbers = send(&pair, 10);
        assert_eq!(numbers, [1, 2, 4, 5, 7, 8, 10]);
        // Number 5 is lost, and the failed number 6 comes in its place.
        assert_eq!(receive(&pair, &[1, 2, 4, 6, 7, 8, 10]), Ok(()));
        assert!(pair.reconcile().is_err());
    }

    #[test]
    fn a_cut_that_only_one_side_heard_of_is_noticed() {
        for (sent, received) in [(0, 9), (9, 0), (9, 8)] {
            let pair = Pair::new();
            let number = pair.attempt();
            pair.enter_sent(number, sent);
            assert_eq!(pair.enter_received(number, received), Ok(()));
            assert_eq!((pair.sent_stamp(), pair.received_stamp()), (sent, received));
            assert_eq!(pair.reconcile(), Err((What::Disagree, 1)));
        }
        let pair = Pair::new();
        let number = pair.attempt();
        pair.enter_sent(number, 9);
        assert_eq!(pair.enter_received(number, 9), Ok(()));
        assert_eq!(pair.reconcile(), Ok(()));
    }

    #[test]
    fn what_the_dead_swallowed_is_found() {
        let pair = Pair::new();
        let numbers = send(&pair, 5);
        assert_eq!(receive(&pair, &numbers[..3]), Ok(()));
        assert_eq!(pair.missing(), Some(5));
    }
}
