//! Random messages and random room for them, in the UTCB of the thread that sends.

use l4::abi::item::{CONTINUED, StringItem};
use l4::abi::utcb::{BUFFER_REGISTERS, MESSAGE_REGISTERS};
use l4::utcb::Utcb;
use l4::{GrantItem, MapItem, Tag};

use crate::words::Draw;

/// Writes a message into the registers and returns its tag. Registers that are no part of it begin strings at most, so
/// that no page that is not meant goes anywhere, whatever the tag says.
pub(crate) fn write(draw: &mut Draw, utcb: Utcb) -> Tag {
    for index in 1..MESSAGE_REGISTERS {
        let word = draw.word();
        utcb.set_mr(
            index,
            if draw.me.is_insider() {
                word & !8
            } else {
                word
            },
        );
    }
    let untyped = if draw.chance(80) {
        draw.below(8)
    } else {
        draw.below(64)
    } as usize;
    let mut next = untyped + 1;
    for _ in 0..draw.below(5) {
        next = item(draw, utcb, next);
    }
    // An insider that spoke for the pager could start another one anywhere.
    let allowed = if draw.me.is_insider() { 14 } else { 15 };
    let flags = if draw.chance(20) {
        (draw.below(16) & allowed) << 12
    } else {
        0
    };
    let tag = Tag::new(label(draw), untyped, (next - untyped - 1).min(63));
    match draw.below(12) {
        0 if !draw.me.is_insider() => Tag::from_raw(draw.word()),
        1 => Tag::new(
            draw.word(),
            draw.below(64) as usize,
            draw.below(64) as usize,
        ),
        _ => Tag::from_raw(tag.raw() | flags),
    }
}

fn label(draw: &mut Draw) -> u64 {
    use l4::abi::protocol;
    draw.of(&[
        0,
        1,
        protocol::PAGE_FAULT | 2,
        protocol::EXCEPTION,
        protocol::INTERRUPT,
        protocol::SIGMA0_RPC,
        protocol::SIGMA0_EXT,
        protocol::PREEMPTION,
        protocol::IO_FAULT | 6,
    ])
}

/// Writes an item from register `next` on and returns where the next one begins; items that do not fit are cut.
fn item(draw: &mut Draw, utcb: Utcb, next: usize) -> usize {
    match draw.below(8) {
        0 | 1 => {
            let fpage = draw.page_to_map();
            let send_base = draw.word();
            put(utcb, next, &MapItem { send_base, fpage }.words())
        }
        2 => {
            let fpage = draw.page_to_grant();
            let send_base = draw.word();
            put(utcb, next, &GrantItem { send_base, fpage }.words())
        }
        3 => put(utcb, next, &[draw.word() & !0xE | draw.of(&[0xC, 0xE])]),
        _ => string(draw, utcb, next),
    }
}

fn string(draw: &mut Draw, utcb: Utcb, mut next: usize) -> usize {
    for _ in 0..=draw.below(2) {
        let pointers = 1 + draw.below(4) as usize;
        let mut head = StringItem::new(draw.length() & (u64::MAX >> 10), pointers).raw();
        if draw.chance(15) {
            head |= StringItem::COMPOUND;
        }
        next = put(utcb, next, &[head | draw.below(4) << 1 & 6]);
        for _ in 0..pointers {
            let pointer = draw.readable();
            // What is taken for an item's beginning must not be one of a page.
            let pointer = if draw.me.is_insider() {
                pointer & !8
            } else {
                pointer
            };
            next = put(utcb, next, &[pointer]);
        }
    }
    next
}

fn put(utcb: Utcb, next: usize, words: &[u64]) -> usize {
    let end = next + words.len();
    if end > MESSAGE_REGISTERS {
        return next;
    }
    for (index, word) in (next..).zip(words) {
        utcb.set_mr(index, *word);
    }
    end
}

/// Offers room for messages. An insider's buffers are its own, and end where they end.
pub(crate) fn offer(draw: &mut Draw, utcb: Utcb) {
    let acceptor = draw.acceptor();
    set(utcb, 0, acceptor);
    let mut next = 1;
    for index in 1..BUFFER_REGISTERS {
        let word = if draw.me.is_insider() { 0 } else { draw.word() };
        set(utcb, index, word);
    }
    let buffers = draw.below(5);
    for buffer in 0..buffers {
        let more = if buffer + 1 < buffers { CONTINUED } else { 0 };
        let (address, size) = draw.buffer();
        let length = size.min(draw.length());
        if next + 2 > BUFFER_REGISTERS {
            return;
        }
        set(utcb, next, StringItem::new(length, 1).raw() | more);
        let address = if draw.chance(20) {
            draw.writable()
        } else {
            address
        };
        let address = if draw.me.is_insider() {
            within(draw, address, length)
        } else {
            address
        };
        set(utcb, next + 1, address);
        next += 2;
    }
}

/// An address from which `length` bytes are the insider's own, or none of the program's.
fn within(draw: &Draw, address: u64, length: u64) -> u64 {
    let (start, end) = (draw.me.buffer(), draw.me.buffer() + crate::people::BUFFER);
    if (start..end).contains(&address) {
        address.min(end - length)
    } else {
        address
    }
}

fn set(utcb: Utcb, index: usize, word: u64) {
    // SAFETY: an outsider may lose what is in its space; an insider names only what is its own, see above.
    unsafe { utcb.set_br(index, word) };
}
