//! Thread ids for tests: the same numbers again in each test, under a version of its own, so that
//! every test also lives with the ids of the dead.

use core::sync::atomic::{AtomicU32, Ordering::SeqCst};

use l4::{ThreadId, kip, thread};

/// First number less the first user thread number; below live root, the pager and sigma0.
const FIRST: u32 = 16;
/// How many numbers a test can use. All have a place in the root task's UTCB area.
pub(crate) const COUNT: u32 = 200;

static VERSION: AtomicU32 = AtomicU32::new(1);
static NEXT: AtomicU32 = AtomicU32::new(0);

/// A global id that nobody has had.
pub(crate) fn fresh() -> ThreadId {
    let next = NEXT.fetch_add(1, SeqCst);
    assert!(next < COUNT, "a test uses at most {COUNT} threads");
    number(next)
}

/// An id of a number behind those of tests, the same for the same `index`.
pub(crate) fn fresh_looking(index: u64) -> u64 {
    number(COUNT + 4 + index as u32).raw()
}

fn number(index: u32) -> ThreadId {
    ThreadId::global(
        kip::thread_info().user_base + FIRST + index,
        VERSION.load(SeqCst),
    )
}

/// `id`'s number with another version.
pub(crate) fn next_version(id: ThreadId) -> ThreadId {
    ThreadId::global(id.number(), id.version() ^ 0x4000_0000)
}

/// The place of `id`'s UTCB in the root task's UTCB area.
pub(crate) fn utcb(id: ThreadId) -> u64 {
    let slot = u64::from(id.number() - kip::thread_info().user_base);
    l4::abi::layout::UTCB_AREA + 1024 * slot
}

/// Deletes every thread that got an id since the last call. The next ids have a new version.
pub(crate) fn retire() {
    for index in 0..NEXT.swap(0, SeqCst).min(COUNT) {
        // Deletion of a thread that does not exist succeeds; nothing else can go wrong.
        let _ = thread::delete(number(index));
    }
    // Versions that are multiples of 64 would make local ids.
    let version = VERSION.load(SeqCst) + 1;
    VERSION.store(
        if version.is_multiple_of(64) {
            version + 1
        } else {
            version
        },
        SeqCst,
    );
}
