//! What a pager of a script can do.

use l4::{Fpage, MapItem, Message, Rights};

use crate::harness::pause;
use crate::pf::touch;

/// What a pager does at a fault in its window.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act {
    /// Maps the page, to read and to write.
    Map,
    /// Maps the page to read.
    ReadOnly,
    /// Answers with an empty message.
    Empty,
    /// Maps the page elsewhere.
    Wrong,
    /// Does not answer until [`Script::release`].
    Hold,
    /// Maps the page after so many microseconds.
    Slow(u64),
    /// Maps the page with a message of 63 words.
    Wide,
    /// Unmaps this page from everybody, then maps the one that is asked for.
    Unmap(u64),
    /// Maps this page instead of the one that is asked for.
    Instead(u64),
    /// Maps the 64 KiB around.
    Chunk,
    /// Maps the 256 KiB around, in small pages: more than the kernel does without a pause.
    Region,
}

impl Act {
    pub(super) const fn pack(self) -> u64 {
        match self {
            Self::Map => 0,
            Self::ReadOnly => 1,
            Self::Empty => 2,
            Self::Wrong => 3,
            Self::Hold => 4,
            Self::Slow(micros) => 5 | micros << 8,
            Self::Wide => 6,
            Self::Unmap(page) => 7 | page << 8,
            Self::Instead(page) => 8 | page << 8,
            Self::Chunk => 9,
            Self::Region => 10,
        }
    }

    pub(super) const fn unpack(word: u64) -> Self {
        match word & 0xFF {
            1 => Self::ReadOnly,
            2 => Self::Empty,
            3 => Self::Wrong,
            4 => Self::Hold,
            5 => Self::Slow(word >> 8),
            6 => Self::Wide,
            7 => Self::Unmap(word >> 8),
            8 => Self::Instead(word >> 8),
            9 => Self::Chunk,
            10 => Self::Region,
            _ => Self::Map,
        }
    }
}

/// Page `index` of `memory`.
pub(super) fn page_of(memory: u64, index: u64) -> Fpage {
    Fpage::new(memory + 4096 * index, 12, Rights::FULL)
}

/// Does what is to be done at a fault in `page` of the window that begins at `base` and has `memory` behind it; the
/// answer.
pub(super) fn carry_out(act: Act, page: u64, base: u64, memory: u64) -> Message {
    let index = (page - base) / 4096;
    let map = |index, rights| Message::new(0).map(item(page, page_of(memory, index), rights));
    match act {
        Act::Empty | Act::Hold => Message::new(0),
        Act::ReadOnly => map(index, Rights::READ),
        Act::Instead(other) => map(other, Rights::READ_WRITE),
        Act::Wrong => {
            let elsewhere = page + 0x1000_0000;
            Message::new(0).map(item(elsewhere, page_of(memory, index), Rights::READ_WRITE))
        }
        Act::Wide => {
            let junk: [u64; 61] = core::array::from_fn(|index| 0xBAD_0000 + index as u64);
            let item = item(page, page_of(memory, index), Rights::READ_WRITE);
            Message::new(0).words(&junk).map(item)
        }
        Act::Chunk => {
            let first = page & !0xFFFF;
            let chunk = Fpage::new(memory + (first - base), 16, Rights::READ_WRITE);
            Message::new(0).map(item(first, chunk, Rights::READ_WRITE))
        }
        Act::Region => {
            let first = page & !0x3_FFFF;
            let region = Fpage::new(memory + (first - base), 18, Rights::READ_WRITE);
            for small in (region.base()..region.last()).step_by(4096) {
                touch::read(small);
            }
            Message::new(0).map(item(first, region, Rights::READ_WRITE))
        }
        Act::Slow(micros) => {
            pause(micros);
            map(index, Rights::READ_WRITE)
        }
        Act::Unmap(other) => {
            l4::memory::unmap(page_of(memory, other));
            map(index, Rights::READ_WRITE)
        }
        Act::Map => map(index, Rights::READ_WRITE),
    }
}

/// The item for `page` of the pager's own, which it has when this returns.
fn item(target: u64, page: Fpage, rights: Rights) -> MapItem {
    touch::read(page.base());
    MapItem {
        send_base: target,
        fpage: page.with_rights(rights),
    }
}
