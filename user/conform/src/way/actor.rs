//! Threads that each do some calls of a situation, and note what came of them.

use core::sync::atomic::{AtomicU64, Ordering::SeqCst};

use l4::{Tag, ThreadId, ipc, syscall, utcb};

/// How many there are.
pub(super) const CAST: usize = 5;
/// Most calls of one in a situation.
pub(super) const CALLS: usize = 3;

/// A call: to, from, timeouts, tag, all raw. One without either phase is none, and the last.
pub(super) type Call = [u64; 4];

/// What is noted of a call: its place in the order in which calls ended, from, tag, error code, sum of the words.
pub(super) type Note = [u64; 5];

type Words<const N: usize> = [[[AtomicU64; N]; CALLS]; CAST];

static CALL: Words<4> = [const { [const { [const { AtomicU64::new(0) }; 4] }; CALLS] }; CAST];
static NOTE: Words<5> = [const { [const { [const { AtomicU64::new(0) }; 5] }; CALLS] }; CAST];
static DONE: [AtomicU64; CAST] = [const { AtomicU64::new(0) }; CAST];
static ENDED: AtomicU64 = AtomicU64::new(0);
static DIRECTOR: AtomicU64 = AtomicU64::new(0);

/// The actors obey this thread.
pub(super) fn obey(director: ThreadId) {
    DIRECTOR.store(director.raw(), SeqCst);
}

/// Gives the actors their calls, and takes all notes away.
pub(super) fn instruct(plan: &[[Call; CALLS]; CAST]) {
    ENDED.store(0, SeqCst);
    for (actor, calls) in plan.iter().enumerate() {
        DONE[actor].store(0, SeqCst);
        for (index, call) in calls.iter().enumerate() {
            for (word, value) in CALL[actor][index].iter().zip(call) {
                word.store(*value, SeqCst);
            }
            for word in &NOTE[actor][index] {
                word.store(0, SeqCst);
            }
        }
    }
}

/// Whether the actor has done all its calls.
pub(super) fn is_done(actor: usize) -> bool {
    DONE[actor].load(SeqCst) == 1
}

/// What it noted of a call.
pub(super) fn note(actor: usize, call: usize) -> Note {
    core::array::from_fn(|word| NOTE[actor][call][word].load(SeqCst))
}

/// How many calls got a message.
pub(super) fn arrived() -> u64 {
    let all = (0..CAST).flat_map(|actor| (0..CALLS).map(move |call| note(actor, call)));
    all.filter(|[_, from, tag, ..]| *from != 0 && tag & Tag::ERROR == 0)
        .count() as u64
}

/// An actor: each message of the director lets it do its calls.
pub(super) fn act(number: u64) {
    let actor = number as usize;
    let director = ThreadId::from_raw(DIRECTOR.load(SeqCst));
    loop {
        if ipc::receive(director).is_err() {
            continue;
        }
        for index in 0..CALLS {
            let call: Call = core::array::from_fn(|word| CALL[actor][index][word].load(SeqCst));
            if call[0] == 0 && call[1] == 0 {
                break;
            }
            let result = perform(actor, index, call);
            for (word, value) in NOTE[actor][index].iter().zip(result) {
                word.store(value, SeqCst);
            }
        }
        DONE[actor].store(1, SeqCst);
    }
}

fn perform(actor: usize, index: usize, [to, from, timeouts, tag]: Call) -> Note {
    let utcb = utcb::my();
    utcb.set_mr(0, tag);
    for word in 1..64 {
        utcb.set_mr(word, (actor << 16 | index << 8 | word) as u64);
    }
    utcb.set_error_code(0);
    // SAFETY: the UTCB is the caller's; its buffer registers accept nothing.
    let sender = unsafe { syscall::ipc(to, from, timeouts, utcb.mr0()) };
    let order = 1 + ENDED.fetch_add(1, SeqCst);
    let tag = utcb.mr(0);
    let words = (tag & 63) as usize;
    let sum = (1..=words).fold(0u64, |sum, word| sum.rotate_left(7) ^ utcb.mr(word));
    [order, sender, tag, utcb.error_code(), sum]
}
