//! Who the threads are, and what memory is theirs.

use core::cell::UnsafeCell;
use core::mem::offset_of;
use core::sync::atomic::{
    AtomicU32, AtomicU64,
    Ordering::{Acquire, Relaxed, Release},
};

use l4::abi::layout::UTCB_AREA;
use l4::{ThreadId, kip};

/// Threads.
pub(crate) const FUZZERS: usize = 12;
/// The first of them are insiders.
pub(crate) const INSIDERS: usize = 3;
/// Their thread numbers are so far above the first user thread's.
const FIRST: u32 = 64;
/// Their ids have these versions.
const VERSIONS: u32 = 3;

/// Where an insider's UTCBs begin in the area, counted from 0.
const FIRST_UTCB: u64 = 100;

/// Bytes of a buffer.
pub(crate) const BUFFER: u64 = 8192;
const STACK: usize = 16384;

/// Where insiders let others map pages: nothing of the program is there.
pub(crate) const SANDBOX: u64 = 0x5000_0000_0000;
/// log2 of its size.
pub(crate) const SANDBOX_LOG2: u32 = 21;

/// What is a thread's own: whole pages.
#[repr(C, align(4096))]
pub(crate) struct Belongings {
    /// Steps that it has begun. The rest of the page is empty.
    steps: AtomicU64,
    stack: Pages<STACK>,
    buffer: Pages<{ BUFFER as usize }>,
}

/// Memory of its own.
#[repr(C, align(4096))]
struct Pages<const SIZE: usize>(UnsafeCell<[u8; SIZE]>);

// SAFETY: nobody makes references into the pages: the thread runs on them, and the kernel copies there.
unsafe impl<const SIZE: usize> Sync for Pages<SIZE> {}

impl<const SIZE: usize> Pages<SIZE> {
    const fn new() -> Self {
        Self(UnsafeCell::new([0; SIZE]))
    }

    fn start(&self) -> u64 {
        self.0.get() as u64
    }
}

/// Bytes of a thread's own.
pub(crate) const SIZE: usize = size_of::<Belongings>();
/// Where its stack ends in there.
pub(crate) const TOP: usize = offset_of!(Belongings, buffer);

/// All threads' own.
pub(crate) static BELONGINGS: [Belongings; FUZZERS] = [const {
    Belongings {
        steps: AtomicU64::new(0),
        stack: Pages::new(),
        buffer: Pages::new(),
    }
}; FUZZERS];

/// The thread number of the first.
pub(crate) static FIRST_NUMBER: AtomicU32 = AtomicU32::new(0);

/// Two pages that outsiders find wherever there is nothing.
static SCRATCH: Pages<8192> = Pages::new();

static PAGER: AtomicU64 = AtomicU64::new(0);

/// A thread, by its place in the list.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Fuzzer(pub(crate) usize);

impl Fuzzer {
    /// All of them.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        (0..FUZZERS).map(Self)
    }

    /// The one with this number, in whichever version.
    pub(crate) fn of(id: ThreadId) -> Option<Self> {
        let index = id.number().checked_sub(FIRST_NUMBER.load(Relaxed))? as usize;
        (id.is_global() && index < FUZZERS).then_some(Self(index))
    }

    /// An id of it, the first or another one.
    pub(crate) fn id(self, version: u32) -> ThreadId {
        let number = FIRST_NUMBER.load(Relaxed) + self.0 as u32;
        ThreadId::global(number, 1 + version % VERSIONS)
    }

    /// Does it live in the root task's space?
    pub(crate) const fn is_insider(self) -> bool {
        self.0 < INSIDERS
    }

    /// Which outsider's space an outsider lives in: every third one in that of the one before.
    pub(crate) const fn host(self) -> Option<Self> {
        if self.0 % 3 == 2 && self.0 > INSIDERS {
            Some(Self(self.0 - 1))
        } else {
            None
        }
    }

    /// The number of its UTCB in the area, so that no two of one space share one.
    pub(crate) const fn slot(self) -> u64 {
        FIRST_UTCB + self.0 as u64
    }

    /// Where its UTCB is.
    pub(crate) const fn utcb(self) -> u64 {
        UTCB_AREA + 1024 * self.slot()
    }

    fn belongings(self) -> &'static Belongings {
        &BELONGINGS[self.0]
    }

    /// Where its buffer begins.
    pub(crate) fn buffer(self) -> u64 {
        self.belongings().buffer.start()
    }

    /// Whether `address` is in its pages.
    pub(crate) fn owns(self, address: u64) -> bool {
        let start = &raw const *self.belongings() as u64;
        (start..start + SIZE as u64).contains(&address)
    }

    /// Steps that it has begun.
    pub(crate) fn steps(self) -> u64 {
        self.belongings().steps.load(Relaxed)
    }

    /// It has begun no step yet.
    pub(crate) fn forget_steps(self) {
        self.belongings().steps.store(0, Relaxed);
    }

    /// It begins a step: which one.
    pub(crate) fn begin_step(self) -> u64 {
        self.belongings().steps.fetch_add(1, Relaxed)
    }
}

/// The first page of what outsiders find where there is nothing, or the second.
pub(crate) fn scratch(second: bool) -> u64 {
    SCRATCH.start() + if second { 4096 } else { 0 }
}

/// An id that belongs to none of them, for the same purpose every time.
pub(crate) fn spare(index: u32) -> ThreadId {
    ThreadId::global(FIRST_NUMBER.load(Relaxed) + FUZZERS as u32 + index, 1)
}

/// The pager of all of them.
pub(crate) fn pager() -> ThreadId {
    ThreadId::from_raw(PAGER.load(Acquire))
}

/// Names the pager, and numbers the threads.
pub(crate) fn enrol(id: ThreadId) {
    FIRST_NUMBER.store(kip::thread_info().user_base + FIRST, Relaxed);
    PAGER.store(id.raw(), Release);
}
