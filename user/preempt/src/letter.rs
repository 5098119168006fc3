//! A long message: what is in it, and whether it came as it is.

use l4::abi::item::StringItem;
use l4::utcb::{self, Utcb};
use l4::{IpcCode, IpcError, Phase, Tag, ThreadId, Time, Timeouts, syscall};

use crate::hot;
use crate::memory::{Pair, SIZE};

/// Bytes of the string: a page, and some that make no word. It lies across two pages on either side, and no word of it
/// is aligned.
pub(crate) const LENGTH: usize = 4096 + 3;
/// Where it begins in the sender's pair of pages.
const FROM: usize = 0x805;
/// Where it begins in the receiver's.
const TO: usize = 0x7f3;

const LABEL: u64 = 0x7072;
const UNTYPED: usize = 3;
const TAG: Tag = Tag::new(LABEL, UNTYPED, 2);
const ITEM: u64 = StringItem::new(LENGTH as u64, 1).raw();
/// Registers that a message takes.
const REGISTERS: usize = 1 + UNTYPED + 2;
/// What ErrorCode is before each message; one that does not fail leaves it.
const NO_ERROR: u64 = 0x5a5a;

/// What is sent in a run: the same key makes the same words and bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Key(pub(crate) u64);

impl Key {
    /// The sender's memory; no byte has its highest bit set.
    fn sent(self, index: usize) -> u64 {
        let word = (self.0 << 10 | index as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        (word ^ word >> 29) & 0x7f7f_7f7f_7f7f_7f7f
    }

    /// The receiver's memory before; every byte has its highest bit set.
    fn before(self) -> u64 {
        (0x80 | self.0 & 0x7f) * 0x0101_0101_0101_0101
    }

    fn untyped(self, index: usize) -> u64 {
        !self.sent(index)
    }

    /// Fills the pages of both.
    pub(crate) fn write(self, source: &Pair, target: &Pair) {
        source.fill(|index| self.sent(index));
        target.fill(|_| self.before());
    }

    /// The first wrong byte: in the sender's pages, or in the receiver's.
    ///
    /// Of the string, the first `length` bytes are to have arrived.
    pub(crate) fn judge(self, source: &Pair, target: &Pair, length: usize) -> Result<(), Wrong> {
        for index in 0..SIZE / 8 {
            if source.word(index) != self.sent(index) {
                return Err(Wrong::Source(8 * index));
            }
            if target.word(index) != self.arrived(source, 8 * index, length) {
                return Err(Wrong::Target(8 * index));
            }
        }
        Ok(())
    }

    /// The word that is to be at `offset` in the receiver's pages.
    #[inline(always)]
    fn arrived(self, source: &Pair, offset: usize, length: usize) -> u64 {
        if offset >= TO && offset + 8 <= TO + length {
            return source.word_at(offset - TO + FROM);
        }
        if offset + 8 <= TO || offset >= TO + length {
            return self.before();
        }
        let byte = |at: usize| {
            if (TO..TO + length).contains(&at) {
                source.byte(at - TO + FROM)
            } else {
                self.before() as u8
            }
        };
        (0..8).fold(0, |word, index| {
            word | u64::from(byte(offset + index)) << (8 * index)
        })
    }
}

/// How many bytes of the string are in the receiver's pages by now.
pub(crate) fn bytes_there(target: &Pair) -> usize {
    let (mut there, mut not) = (0, LENGTH);
    while there < not {
        let middle = (there + not) / 2;
        if target.byte(TO + middle) < 0x80 {
            there = middle + 1;
        } else {
            not = middle;
        }
    }
    there
}

/// What is wrong with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wrong {
    /// The sender's memory has changed: near this offset in its pages.
    Source(usize),
    /// The receiver's memory is not as it should be: near this offset in its pages.
    Target(usize),
    /// The sender saw this tag and this ErrorCode.
    Sender(u64, u64),
    /// The receiver saw this tag and this ErrorCode.
    Receiver(u64, u64),
    /// A message register of the receiver is wrong: which, and what it has.
    Register(usize, u64),
    /// The receiver heard of another sender.
    From(u64),
    /// The two saw different ends, or others than an abort may have after so many bytes: their ErrorCodes.
    Ends(u64, u64, usize),
}

/// What one of the two saw.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Seen {
    /// The time-stamp counter before the system call.
    pub(crate) begin: u64,
    /// The time-stamp counter after it.
    pub(crate) end: u64,
    from: u64,
    error: u64,
    registers: [u64; REGISTERS],
}

impl Seen {
    /// As a row of words.
    pub(crate) fn words(&self) -> [u64; 4 + REGISTERS] {
        let mut words = [0; 4 + REGISTERS];
        words[..4].copy_from_slice(&[self.begin, self.end, self.from, self.error]);
        words[4..].copy_from_slice(&self.registers);
        words
    }

    /// From such a row.
    pub(crate) fn from_words(words: &[u64; 4 + REGISTERS]) -> Self {
        let mut registers = [0; REGISTERS];
        registers.copy_from_slice(&words[4..]);
        let [begin, end, from, error] = [0, 1, 2, 3].map(|index| words[index]);
        Self {
            begin,
            end,
            from,
            error,
            registers,
        }
    }

    /// Judges what a sender and a receiver saw of a message that was aborted when `length` bytes had arrived: it had
    /// not begun, and then each has a reason of its own, or it was cut there for both.
    pub(crate) fn judge_abort(&self, receiver: &Self, length: usize) -> Result<(), Wrong> {
        let ends = [self, receiver].map(|seen| IpcError::from_raw(seen.error));
        let not_begun = |end: &IpcError| matches!(end.code, IpcCode::Timeout | IpcCode::Cancelled);
        let fits = match ends {
            [Some(sender), Some(receiver)] if not_begun(&sender) && not_begun(&receiver) => {
                length == 0
            }
            [Some(sender), Some(receiver)] => {
                let cut = |phase| IpcError {
                    phase,
                    code: IpcCode::Aborted,
                    offset: length as u64,
                };
                sender == cut(Phase::Send) && receiver == cut(Phase::Receive)
            }
            _ => false,
        };
        if fits {
            Ok(())
        } else {
            Err(Wrong::Ends(self.error, receiver.error, length))
        }
    }

    /// Whether there is a message with an error.
    pub(crate) fn has_failed(&self) -> bool {
        Tag::from_raw(self.registers[0]).is_error()
    }

    /// Judges what the sender saw.
    pub(crate) fn judge_sender(&self) -> Result<(), Wrong> {
        let tag = self.registers[0];
        if self.has_failed() || self.error != NO_ERROR {
            return Err(Wrong::Sender(tag, self.error));
        }
        Ok(())
    }

    /// Judges what the receiver of the message with `key` from `sender` saw; the sender's pages are at `source` there.
    pub(crate) fn judge_receiver(
        &self,
        key: Key,
        sender: ThreadId,
        source: u64,
    ) -> Result<(), Wrong> {
        let tag = self.registers[0];
        if tag != TAG.raw() || self.error != NO_ERROR {
            return Err(Wrong::Receiver(tag, self.error));
        }
        let expected = registers(key, source);
        for (index, (seen, expected)) in self.registers.iter().zip(expected).enumerate() {
            if *seen != expected {
                return Err(Wrong::Register(index, *seen));
            }
        }
        if self.from != sender.raw() {
            return Err(Wrong::From(self.from));
        }
        Ok(())
    }
}

fn registers(key: Key, source: u64) -> [u64; REGISTERS] {
    let [a, b, c] = [1, 2, 3].map(|index| key.untyped(index));
    [TAG.raw(), a, b, c, ITEM, source + FROM as u64]
}

/// Sends the message with `key` from the pages at `source` to `to`, at `time`.
pub(crate) fn send(key: Key, to: ThreadId, source: u64, time: u64) -> Seen {
    let utcb = utcb::my();
    for (index, word) in registers(key, source).into_iter().enumerate() {
        utcb.set_mr(index, word);
    }
    utcb.set_error_code(NO_ERROR);
    exchange(utcb, to, ThreadId::NIL, time)
}

/// Receives a message from `from` into the pages at `target`, at `time`.
pub(crate) fn take(from: ThreadId, target: u64, time: u64) -> Seen {
    let utcb = utcb::my();
    let buffer = [1, ITEM, target + TO as u64];
    for (index, word) in buffer.into_iter().enumerate() {
        // SAFETY: the pages there are nobody's but the test's.
        unsafe { utcb.set_br(index, word) };
    }
    utcb.set_error_code(NO_ERROR);
    let seen = exchange(utcb, ThreadId::NIL, from, time);
    // SAFETY: nothing is accepted.
    unsafe { utcb.set_br(0, 0) };
    seen
}

fn exchange(utcb: Utcb, to: ThreadId, from: ThreadId, time: u64) -> Seen {
    // Whoever comes second finds the other, or will wait in vain.
    let patience = if time == 0 { Time::NEVER } else { Time::ZERO };
    let (mr0, timeouts) = (utcb.mr0(), Timeouts::new(patience, patience).raw());
    let begin = hot::wait_until(time);
    // SAFETY: the calling thread's own UTCB; what it accepts is the test's.
    let from = unsafe { syscall::ipc(to.raw(), from.raw(), timeouts, mr0) };
    let end = l4::clock::ticks();
    Seen {
        begin,
        end,
        from,
        error: utcb.error_code(),
        registers: core::array::from_fn(|index| utcb.mr(index)),
    }
}
