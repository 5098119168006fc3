//! The common string in one go: one part, into the first buffer, which is one part and has room for it.

use pecan_abi::acceptor::Acceptor;
use pecan_abi::item::{StringItem, TYPE_MASK};
use pecan_abi::layout::USER_LAST;

use super::{Registers, Sink};

/// A whole string on its way.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Straight {
    /// The two words of the item, which the receiver sees.
    pub words: [u64; 2],
    /// First address in the receiver's memory.
    pub to: u64,
    /// How many bytes, at least one.
    pub length: u64,
}

/// What makes a descriptor more than one part of a string: another type, pointers, a continuation.
const NOT_SIMPLE: u64 = StringItem::POINTERS_MASK | StringItem::COMPOUND | TYPE_MASK & !0b110;

/// The item in message register `first`, if it is the message's first string, and so simple that it takes no plan. Then
/// the buffer counts as used.
#[inline]
pub fn straight(
    first: usize,
    end: usize,
    sink: &mut Sink,
    registers: &impl Registers,
) -> Option<Straight> {
    if !sink.is_new() || first + 1 >= end {
        return None;
    }
    let (item, buffer) = (registers.message(first), registers.buffer(1));
    let accepts = Acceptor::from_raw(registers.buffer(0)).accepts_strings();
    if (item | buffer) & NOT_SIMPLE != 0 || !accepts {
        return None;
    }
    let length = item >> 10;
    let (from, to) = (registers.message(first + 1), registers.buffer(2));
    // Addresses and lengths are below 2^64 / 4, so that no sum wraps.
    let in_range = (from | to) <= USER_LAST && from.max(to) + length <= USER_LAST + 1;
    if length == 0 || length > buffer >> 10 || !in_range {
        return None;
    }
    sink.use_simple(buffer);
    Some(Straight {
        words: [item, from],
        to,
        length,
    })
}
