//! What the kernel saw of another space goes away with that space.
//!
//! The processor reads the kernel's translations whenever a program touches the kernel's addresses, also if it refuses the
//! access then, and notes in each entry that it has read it. So if the kernel still showed tables of a space that has ended,
//! any program could change words in what is in their place by now.

use l4::abi::layout::{UTCB_AREA, WINDOW_BASE};
use l4::abi::schedule::ThreadState::{Running, Sending};
use l4::{Message, ThreadId, ipc, schedule, thread, utcb};

use crate::harness::pair::{Order, Pair, SIDES, Side, over_and_over};
use crate::harness::script::Act;
use crate::harness::{
    BOTH_SOON, Failure, Outcome, arena, board, equal, ids, pause, raw, until, worker,
};
use crate::pf::touch;

/// What processor 0 sees of others begins at the first of the kernel's addresses for that: bytes behind one entry of its table,
/// and entries.
const GIB: u64 = 1 << 30;
const ENTRIES: u64 = 2;

/// More pages than a space of these tests has tables.
const PAGES: u64 = 32;
/// A word of a page of UTCBs in which no thread has its own, as its index.
const WORD: u64 = 300;
/// What stands there: an entry that is present, and was not read yet.
const UNREAD: u64 = 1;

/// Board word: a thread is about to touch.
const NEAR: usize = 0;

/// UTCB pages of a space that come in the place of what has ended.
struct Successors {
    watcher: ThreadId,
    threads: [ThreadId; PAGES as usize],
}

/// Orders for the watcher.
const FILL: u64 = 1;
const COUNT: u64 = 2;

/// In the space of the successors: writes the words in the first so many pages, or counts those that are another.
fn watch(from: u64) {
    let from = ThreadId::from_raw(from);
    while let Ok(order) = ipc::receive(from) {
        let mut others = 0;
        for page in 1..=order.message.word_at(0) {
            let word = UTCB_AREA + 4096 * page + 8 * WORD;
            match order.message.label() {
                FILL => touch::write(word, UNREAD),
                _ => others += u64::from(touch::read(word) != UNREAD),
            }
        }
        // Who gave the order waits for this.
        let _ = ipc::send(from, &Message::new(0).word(others));
    }
}

impl Successors {
    /// Threads that have no UTCB yet.
    #[track_caller]
    fn prepare() -> Result<Self, Failure> {
        let watcher = worker::start(worker::away(), watch, thread::myself().raw())?;
        let successors = Self {
            watcher,
            threads: core::array::from_fn(|_| ids::fresh()),
        };
        for id in successors.threads {
            equal("creation", raw::create(id, watcher), raw::DONE)?;
        }
        successors.order(FILL, 0)?;
        successors.order(COUNT, 0)?;
        Ok(successors)
    }

    #[track_caller]
    fn order(&self, label: u64, pages: u64) -> Result<u64, Failure> {
        ipc::call_within(self.watcher, &Message::new(label).word(pages), BOTH_SOON)
            .map(|answer| answer.message.word_at(0))
            .map_err(|error| Failure::new(format_args!("the watcher: {error:?}")))
    }

    /// `victim` and its space end, and the threads get their pages. Then others touch what the kernel saw.
    #[track_caller]
    fn follow(&self, victim: ThreadId) -> Outcome {
        equal("deletion", raw::delete(victim), raw::DONE)?;
        for (id, page) in self.threads.into_iter().zip(1..) {
            thread::activate(id, self.watcher, thread::myself(), UTCB_AREA + 4096 * page)?;
        }
        self.order(FILL, PAGES)?;
        for entry in 0..ENTRIES {
            fault(WINDOW_BASE + GIB * entry + (WORD << 21))?;
        }
        equal("changed words", self.order(COUNT, PAGES)?, 0)
    }
}

/// Touches it, and has nobody who would help.
fn touch_alone(address: u64) {
    utcb::my().set_pager(ThreadId::NIL);
    board::put(NEAR, 1);
    touch::read(address);
    board::put(NEAR, 2);
}

#[track_caller]
fn fault(address: u64) -> Outcome {
    board::put(NEAR, 0);
    let id = worker::start(worker::here().cpu(0), touch_alone, address)?;
    until("it has touched it", || {
        let state = schedule::state(id);
        board::get(NEAR) != 0 && state.is_ok_and(|state| state != Running)
    })?;
    equal("it got nowhere", board::get(NEAR), 1)?;
    equal("deletion", raw::delete(id), raw::DONE)
}

/// The receiver of a message ends after it.
pub(super) fn behind_a_message() -> Outcome {
    const LENGTH: u64 = 9000;
    let successors = Successors::prepare()?;
    let pair = Pair::start_as(0, worker::away().cpu(0), worker::away().cpu(0))?;
    pair.has(Side::Sender, 0..3)?;
    pair.has(Side::Receiver, 1..5)?;
    pair.prepare(8, 4096, LENGTH, 100);
    let transfer = pair.begin(
        Order::ReceiverFirst,
        pair.send(8, LENGTH),
        pair.receive(4096, LENGTH),
    )?;
    transfer.succeeds()?;
    pair.arrived(4096, LENGTH, 100)?;
    successors.follow(pair.receiver.id)
}

/// Bytes that a copy goes over again and again.
const STRETCH: u64 = 1 << 20;

/// The receiver ends in the middle of a message, whose sender has lost the processor in the copy.
pub(super) fn in_the_middle() -> Outcome {
    let successors = Successors::prepare()?;
    let pair = Pair::start_as(0, worker::away().cpu(0), worker::away().cpu(0))?;
    for side in SIDES {
        pair.pager_of(side).otherwise(Act::Chunk);
        pair.has(side, (0..=STRETCH / 4096).step_by(16))?;
    }
    arena::write(pair.source.memory(0), STRETCH, 101);
    for _ in 0..50 {
        let send = pair.send_items(&over_and_over(pair.source.at(0), STRETCH));
        let receive = pair.receive_into(&over_and_over(pair.target.at(0), STRETCH));
        let transfer = pair.begin(Order::ReceiverFirst, send, receive)?;
        pause(1_000);
        if schedule::state(pair.sender.id) == Ok(Sending) {
            return successors.follow(pair.receiver.id);
        }
        transfer.succeeds()?;
    }
    Err(Failure::new(format_args!("it was never in the middle")))
}
