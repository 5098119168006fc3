//! Where jobs are written down for the threads that do them, and what came of them.

use core::ops::Range;
use core::sync::atomic::{
    AtomicU64,
    Ordering::{AcqRel, Acquire, Relaxed, Release, SeqCst},
};

/// More than the jobs that any test has under way at a time.
const SLOTS: usize = 256;
/// Words of a slot: a head, message registers, buffer registers, the state, the id of the thread that was made for it.
pub(super) const HEAD: usize = 7;
const BUFFERS: usize = HEAD + 64;
const STATE: usize = BUFFERS + 32;
const OWNER: usize = STATE + 1;
const WORDS: usize = OWNER + 1;

type Slot = [AtomicU64; WORDS];

/// How far a job is. In a free slot it is done.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u64)]
pub(super) enum State {
    Done = 0,
    Posted = 1,
    Begun = 2,
}

static TABLE: [Slot; SLOTS] = [const { [const { AtomicU64::new(0) }; WORDS] }; SLOTS];
static NEXT: AtomicU64 = AtomicU64::new(0);

/// Where jobs are written down.
pub(crate) fn memory() -> Range<u64> {
    let start = TABLE.as_ptr() as u64;
    start..start + size_of_val(&TABLE) as u64
}

fn at(slot: u64) -> &'static Slot {
    &TABLE[slot as usize % SLOTS]
}

/// A slot for a new job: the next one that no job is under way in.
pub(super) fn fresh() -> u64 {
    for _ in 0..SLOTS {
        let slot = NEXT.fetch_add(1, SeqCst) % SLOTS as u64;
        if claim(slot) {
            own(slot, 0);
            return slot;
        }
    }
    panic!("more than {SLOTS} jobs are under way")
}

/// Takes `slot` for a job. False: one is under way there.
fn claim(slot: u64) -> bool {
    let (free, taken) = (State::Done as u64, State::Posted as u64);
    at(slot)[STATE]
        .compare_exchange(free, taken, AcqRel, Relaxed)
        .is_ok()
}

/// After a test: no thread that does a job is there any more.
pub(crate) fn retire() {
    for slot in &TABLE {
        slot[OWNER].store(0, Relaxed);
        slot[STATE].store(State::Done as u64, Release);
    }
}

/// This thread was made for the job in `slot`.
pub(super) fn own(slot: u64, thread: u64) {
    at(slot)[OWNER].store(thread, Release);
}

/// How far the job is that this thread was made for.
pub(super) fn state_of(thread: u64) -> Option<State> {
    let slot = TABLE
        .iter()
        .find(|slot| slot[OWNER].load(Acquire) == thread)?;
    match slot[STATE].load(Acquire) {
        0 => Some(State::Done),
        1 => Some(State::Posted),
        _ => Some(State::Begun),
    }
}

/// Is the job in `slot` as far as that?
pub(super) fn is(slot: u64, state: State) -> bool {
    at(slot)[STATE].load(Acquire) == state as u64
}

/// The job in `slot` is as far as that.
pub(super) fn set(slot: u64, state: State) {
    at(slot)[STATE].store(state as u64, Release);
}

/// Writes a job or its results down: a head, message registers, buffer registers. Its state is [`State::Posted`].
pub(super) fn store(slot: u64, head: [u64; HEAD], mr: &[u64; 64], br: &[u64; 32]) {
    for (target, word) in at(slot).iter().zip(head.iter().chain(mr).chain(br)) {
        target.store(*word, Relaxed);
    }
    set(slot, State::Posted);
}

/// What is written down.
pub(super) fn load(slot: u64) -> ([u64; HEAD], [u64; 64], [u64; 32]) {
    let word = |index: usize| at(slot)[index].load(Relaxed);
    (
        core::array::from_fn(word),
        core::array::from_fn(|index| word(HEAD + index)),
        core::array::from_fn(|index| word(BUFFERS + index)),
    )
}
