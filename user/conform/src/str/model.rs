//! What a transfer of strings must do, computed byte by byte from the descriptors as the interface
//! has them.

use core::cell::UnsafeCell;

use l4::abi::item::StringItem;

use crate::harness::{Failure, Outcome, arena};

/// Bytes of the zone of the target arena that the model knows.
pub(super) const ZONE: u64 = 24 << 10;

struct Image(UnsafeCell<[u8; ZONE as usize]>);

// SAFETY: used by the thread that runs a test only.
unsafe impl Sync for Image {}

/// What the zone must look like.
static IMAGE: Image = Image(UnsafeCell::new([0; ZONE as usize]));

/// What must come of a transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Expected {
    /// Bytes that go over.
    pub(super) copied: u64,
    /// All of the message goes over.
    pub(super) whole: bool,
    /// Typed words that the receiver sees for certain.
    pub(super) words: usize,
}

fn expect_byte(address: u64, byte: u8) {
    let index = (address - arena::target()) as usize;
    assert!(index < ZONE as usize, "a part outside the zone");
    // SAFETY: one thread, and the index was checked.
    unsafe { (*IMAGE.0.get())[index] = byte };
}

fn expected_byte(index: u64) -> u8 {
    assert!(index < ZONE, "outside the zone");
    // SAFETY: as above.
    unsafe { (*IMAGE.0.get())[index as usize] }
}

/// The parts of a string in descriptor words, one after the other.
#[derive(Clone, Copy)]
struct Parts<'w> {
    words: &'w [u64],
    next: usize,
    pointers: usize,
    length: u64,
    goes_on: bool,
}

impl<'w> Parts<'w> {
    const fn new(words: &'w [u64], at: usize) -> Self {
        Self {
            words,
            next: at,
            pointers: 0,
            length: 0,
            goes_on: true,
        }
    }

    /// The next part: where its pointer stands, address and length.
    fn next(&mut self) -> Option<(usize, u64, u64)> {
        if self.pointers == 0 {
            if !self.goes_on {
                return None;
            }
            let descriptor = StringItem::from_raw(*self.words.get(self.next)?)?;
            self.goes_on = descriptor.is_compound();
            self.pointers = descriptor.pointers();
            self.length = descriptor.length();
            self.next += 1;
        }
        let at = self.next;
        let address = *self.words.get(at)?;
        self.pointers -= 1;
        self.next += 1;
        Some((at, address, self.length))
    }

    /// Where the words after the string begin.
    fn end(mut self) -> usize {
        while self.pointers > 0 || self.goes_on {
            if self.next().is_none() {
                break;
            }
        }
        self.next
    }
}

/// Blanks the zone and what it must look like.
pub(super) fn clear() {
    arena::blank(arena::target(), ZONE);
    for index in 0..ZONE {
        expect_byte(arena::target() + index, arena::BLANK);
    }
}

/// Carries out a message of string items into buffers.
pub(super) fn run(items: &[u64], buffers: &[u64]) -> Expected {
    let mut expected = Expected {
        copied: 0,
        whole: false,
        words: 0,
    };
    let mut next_buffer = Some(0);
    let mut at = 0;
    while at < items.len() {
        expected.words = at + 1;
        let Some(first) = next_buffer.filter(|at| *at < buffers.len()) else {
            return expected;
        };
        if !one(items, at, Parts::new(buffers, first), &mut expected) {
            return expected;
        }
        at = Parts::new(items, at).end();
        let more = StringItem::from_raw(buffers[first]).is_some_and(StringItem::is_continued);
        next_buffer = more.then(|| Parts::new(buffers, first).end());
    }
    expected.whole = true;
    expected.words = items.len();
    expected
}

/// Carries out one string; false: it is cut.
fn one(items: &[u64], at: usize, mut buffer: Parts<'_>, expected: &mut Expected) -> bool {
    let mut source = Parts::new(items, at);
    let (mut to, mut room) = (0, 0);
    while let Some((pointer, from, length)) = source.next() {
        for index in 0..length {
            while room == 0 {
                let Some((_, address, length)) = buffer.next() else {
                    return false;
                };
                (to, room) = (address, length);
            }
            expect_byte(to, arena::byte(from + index));
            (to, room) = (to + 1, room - 1);
            expected.words = pointer + 1;
            expected.copied += 1;
        }
    }
    true
}

/// The zone is as it must be.
#[track_caller]
pub(super) fn compare() -> Outcome {
    for index in 0..ZONE {
        let (is, should) = (arena::byte(arena::target() + index), expected_byte(index));
        if is != should {
            return Err(Failure::new(format_args!(
                "byte {index} of the zone is {is:#x}, not {should:#x}"
            )));
        }
    }
    Ok(())
}
