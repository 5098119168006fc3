//! The threads: two partners in a space each, a thread that preempts them, and its partner, in a space of its own, too.
//!
//! Whoever is preempted has a lower priority than the receiver, so that the run is over, for both, when the sender is
//! through; the preempting thread's partner runs after them.

use core::sync::atomic::{
    AtomicU64,
    Ordering::{Acquire, Relaxed, Release},
};

use l4::thread::{Builder, StartError};
use l4::{IpcError, Message, Stack, SysError, ThreadId, interrupt, ipc, schedule, thread};

use crate::letter::{self, Key, Seen};
use crate::memory::{self, OWN, RECEIVERS, SOURCE, TARGET};
use crate::timer::LINE;

const PAGER_PRIORITY: u8 = 200;
const RECEIVER_PRIORITY: u8 = 110;
const SENDER_PRIORITY: u8 = 100;
const OTHER_PRIORITY: u8 = 95;
const MAIN_PRIORITY: u8 = 90;
const HANDLER_PRIORITY: u8 = 255;

/// Who copies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mover {
    /// The sender: the receiver waits.
    Sender,
    /// The receiver: the sender waits.
    Receiver,
}

/// What the preempting thread does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deed {
    /// It looks how many bytes have arrived.
    Looks,
    /// In the space of the one that copies, it sends (or takes) a long message, too.
    Speaks,
    /// It looks, and aborts what the two are doing.
    Aborts,
}

/// What is preempted, and what for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Case {
    /// Who copies, in both messages.
    pub(crate) mover: Mover,
    /// What the preempting thread does.
    pub(crate) deed: Deed,
}

/// Why the threads are not there.
#[derive(Debug)]
#[expect(dead_code, reason = "the fields are printed as a whole")]
pub(crate) enum Failure {
    Start(StartError),
    Refused(SysError),
}

impl From<StartError> for Failure {
    fn from(error: StartError) -> Self {
        Self::Start(error)
    }
}

impl From<SysError> for Failure {
    fn from(error: SysError) -> Self {
        Self::Refused(error)
    }
}

const SENDER: usize = 0;
const RECEIVER: usize = 1;
const HANDLER: usize = 2;
const OTHER: usize = 3;
const MAIN: usize = 4;

static PEOPLE: [AtomicU64; 5] = [const { AtomicU64::new(0) }; 5];
/// What each of the first four saw last.
static SEEN: [[AtomicU64; 10]; 4] = [const { [const { AtomicU64::new(0) }; 10] }; 4];
/// Keys of the run's messages: the partners', the preempting thread's.
static KEYS: [AtomicU64; 2] = [const { AtomicU64::new(0) }; 2];
/// Interrupts so far.
static HITS: AtomicU64 = AtomicU64::new(0);
/// How many bytes had arrived when the last of them came.
static PROGRESS: AtomicU64 = AtomicU64::new(0);

static PAGER_STACK: Stack<16384> = Stack::new();
static STACKS: [Stack<16384>; 4] = [const { Stack::new() }; 4];

fn person(index: usize) -> ThreadId {
    ThreadId::from_raw(PEOPLE[index].load(Acquire))
}

/// The partner of the preempting thread.
pub(crate) fn other() -> ThreadId {
    person(OTHER)
}

/// Starts them all; the calling thread is below them from then on.
pub(crate) fn start(case: Case) -> Result<(), Failure> {
    let me = thread::myself();
    PEOPLE[MAIN].store(me.raw(), Release);
    let pager = Builder::new().priority(PAGER_PRIORITY);
    let pager = pager.start(|_| memory::serve(), 0, &PAGER_STACK)?;
    let apart = Builder::new().new_space().pager(pager);
    let enrol =
        |index: usize, plan: Builder, role: thread::Function| -> Result<ThreadId, Failure> {
            let id = plan.start(role, 0, &STACKS[index])?;
            PEOPLE[index].store(id.raw(), Release);
            Ok(id)
        };
    let sender = enrol(SENDER, apart.priority(SENDER_PRIORITY), sender)?;
    let receiver = enrol(RECEIVER, apart.priority(RECEIVER_PRIORITY), receiver)?;
    let (mover, handler, other): (_, thread::Function, thread::Function) = match case.mover {
        Mover::Sender => (sender, handler_sends, other_takes),
        Mover::Receiver => (receiver, handler_takes, other_sends),
    };
    let above = Builder::new().priority(HANDLER_PRIORITY);
    let handler = match case.deed {
        Deed::Speaks => {
            enrol(OTHER, apart.priority(OTHER_PRIORITY), other)?;
            enrol(HANDLER, above.in_space_of(mover).pager(pager), handler)?
        }
        Deed::Looks => enrol(HANDLER, above, handler_looks)?,
        Deed::Aborts => enrol(HANDLER, above, handler_aborts)?,
    };
    interrupt::associate(LINE, handler)?;
    schedule::set_priority(me, MAIN_PRIORITY)?;
    Ok(())
}

fn sender(_: u64) {
    each_run(SENDER, |key, time| {
        letter::send(key, person(RECEIVER), SOURCE, time)
    })
}

fn receiver(_: u64) {
    each_run(RECEIVER, |_, time| {
        letter::take(person(SENDER), TARGET, time)
    })
}

fn other_sends(_: u64) {
    each_run(OTHER, |_, _| {
        letter::send(key(1), person(HANDLER), SOURCE, 0)
    })
}

fn other_takes(_: u64) {
    each_run(OTHER, |_, _| letter::take(person(HANDLER), TARGET, 0))
}

/// Waits for the word, does its part, notes what it saw and says so.
fn each_run(index: usize, part: impl Fn(Key, u64) -> Seen) -> ! {
    loop {
        // Whoever aborts may come when there is nothing to abort but this.
        let Ok(go) = ipc::receive(person(MAIN)) else {
            continue;
        };
        note(index, part(key(0), go.message.word_at(0)));
        while ipc::send(person(MAIN), &Message::new(0)).is_err() {}
    }
}

fn handler_looks(_: u64) {
    each_interrupt(look)
}

fn look() {
    PROGRESS.store(letter::bytes_there(&RECEIVERS) as u64, Relaxed);
}

/// Aborts both: whoever is in the middle of a message takes the other along, and the other may be before or after it.
fn handler_aborts(_: u64) {
    each_interrupt(|| {
        look();
        for one in [SENDER, RECEIVER] {
            // The pager of both is of this space, so nothing can be said against it.
            thread::abort_ipc(person(one)).expect("an abort");
        }
    })
}

fn handler_sends(_: u64) {
    each_interrupt(|| note(HANDLER, letter::send(key(1), other(), OWN, 0)))
}

fn handler_takes(_: u64) {
    each_interrupt(|| note(HANDLER, letter::take(other(), OWN, 0)))
}

fn each_interrupt(work: impl Fn()) {
    let mut next = interrupt::wait(LINE);
    while next.is_ok() {
        work();
        HITS.fetch_add(1, Release);
        next = interrupt::acknowledge_and_wait(LINE);
    }
}

fn key(index: usize) -> Key {
    Key(KEYS[index].load(Relaxed))
}

fn note(index: usize, seen: Seen) {
    for (place, word) in SEEN[index].iter().zip(seen.words()) {
        place.store(word, Relaxed);
    }
}

fn seen(index: usize) -> Seen {
    Seen::from_words(&core::array::from_fn(|word| {
        SEEN[index][word].load(Relaxed)
    }))
}

/// What the sender and the receiver saw last, and who the sender is.
pub(crate) fn partners() -> (Seen, Seen, ThreadId) {
    (seen(SENDER), seen(RECEIVER), person(SENDER))
}

/// The same of the preempting thread's message.
pub(crate) fn others(mover: Mover) -> (Seen, Seen, ThreadId) {
    match mover {
        Mover::Sender => (seen(HANDLER), seen(OTHER), person(HANDLER)),
        Mover::Receiver => (seen(OTHER), seen(HANDLER), person(OTHER)),
    }
}

/// Says which messages the next run has.
pub(crate) fn announce(keys: [Key; 2]) {
    for (place, key) in KEYS.iter().zip(keys) {
        place.store(key.0, Relaxed);
    }
}

/// Lets the preempting thread's partner wait for it.
pub(crate) fn begin_other() -> Result<(), IpcError> {
    ipc::send(other(), &Message::new(0))
}

/// Lets the partner that does not copy wait for the other.
pub(crate) fn begin_first(mover: Mover) -> Result<(), IpcError> {
    ipc::send(person(first(mover)), &Message::new(0).word(0))
}

/// Lets the partner that copies begin at `time`. Returns when both are through.
pub(crate) fn begin_second(mover: Mover, time: u64) -> Result<(), IpcError> {
    let first = first(mover);
    let second = SENDER + RECEIVER - first;
    ipc::send(person(second), &Message::new(0).word(time))?;
    ipc::receive(person(second))?;
    ipc::receive(person(first)).map(|_| ())
}

/// Waits until the preempting thread's partner is through.
pub(crate) fn end_other() -> Result<(), IpcError> {
    ipc::receive(other()).map(|_| ())
}

const fn first(mover: Mover) -> usize {
    match mover {
        Mover::Sender => RECEIVER,
        Mover::Receiver => SENDER,
    }
}

/// Interrupts so far.
pub(crate) fn hits() -> u64 {
    HITS.load(Acquire)
}

/// How many bytes had arrived when the last interrupt came.
pub(crate) fn progress() -> usize {
    PROGRESS.load(Relaxed) as usize
}
