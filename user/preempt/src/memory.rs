//! Pairs of pages, who has them where, and the pager that says so.
//!
//! The pages are the program's own, so the measuring thread sees them all; the partners have them at addresses of their
//! own, and the partner of the preempting thread has others at the same addresses.

use core::fmt;
use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

use l4::abi::protocol::PageFault;
use l4::ipc::Received;
use l4::{Fpage, MapItem, Message, Rights, ThreadId, memory, pager, server};

use crate::crew;

/// Where a sender's string lies: in the pair of pages here.
pub(crate) const SOURCE: u64 = 0x4000_0000;
/// Where a receiver's buffer lies.
pub(crate) const TARGET: u64 = 0x4010_0000;
/// Where the preempting thread has its own.
pub(crate) const OWN: u64 = 0x4020_0000;

const WORDS: usize = 1024;
/// Bytes of a pair.
pub(crate) const SIZE: usize = 8 * WORDS;
const PAGE: usize = 4096;

/// Two pages in a row.
#[repr(C, align(4096))]
pub(crate) struct Pair([AtomicU64; WORDS]);

/// The sender's.
pub(crate) static SENDERS: Pair = Pair::new();
/// The receiver's.
pub(crate) static RECEIVERS: Pair = Pair::new();
/// The preempting thread's.
pub(crate) static HANDLERS: Pair = Pair::new();
/// Its partner's.
pub(crate) static OTHERS: Pair = Pair::new();

/// One of the two of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Sender,
    Receiver,
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sender => "sender",
            Self::Receiver => "receiver",
        })
    }
}

impl Pair {
    const fn new() -> Self {
        Self([const { AtomicU64::new(0) }; WORDS])
    }

    /// Writes all words: `word` gets the index of each.
    pub(crate) fn fill(&self, word: impl Fn(usize) -> u64) {
        for (index, place) in self.0.iter().enumerate() {
            place.store(word(index), Relaxed);
        }
    }

    /// The byte at `offset`, less than [`SIZE`].
    pub(crate) fn byte(&self, offset: usize) -> u8 {
        (self.word(offset / 8) >> (8 * (offset % 8))) as u8
    }

    /// The word with this index.
    #[inline(always)]
    pub(crate) fn word(&self, index: usize) -> u64 {
        self.0[index].load(Relaxed)
    }

    /// The eight bytes from `offset` on, as a word.
    #[inline(always)]
    pub(crate) fn word_at(&self, offset: usize) -> u64 {
        let (index, shift) = (offset / 8, 8 * (offset % 8));
        let low = self.word(index) >> shift;
        if shift == 0 {
            low
        } else {
            low | self.word(index + 1) << (64 - shift)
        }
    }

    /// Takes the second page from everyone but this space.
    pub(crate) fn take_second(&self) {
        memory::unmap(Fpage::new(self.page(1), 12, Rights::FULL));
    }

    fn page(&self, index: usize) -> u64 {
        &raw const self.0[index * PAGE / 8] as u64
    }
}

/// The pager of all partners.
pub(crate) fn serve() -> ! {
    server::serve(answer)
}

fn answer(request: &Received) -> Option<Message> {
    let message = &request.message;
    let words = [message.tag().raw(), message.word_at(0), message.word_at(1)];
    let page = PageFault::from_words(words).and_then(|fault| page(request.from, fault.address));
    let Some((send_base, page)) = page else {
        return pager::answer(request);
    };
    let fpage = Fpage::new(page, 12, Rights::READ_WRITE);
    Some(Message::new(0).map(MapItem { send_base, fpage }))
}

/// Where `thread` has the page around `address`, and which page that is.
fn page(thread: ThreadId, address: u64) -> Option<(u64, u64)> {
    let base = address & !(SIZE as u64 - 1);
    let pair = match base {
        SOURCE | TARGET if thread == crew::other() => &OTHERS,
        SOURCE => &SENDERS,
        TARGET => &RECEIVERS,
        OWN => &HANDLERS,
        _ => return None,
    };
    let index = (address - base) as usize / PAGE;
    Some((base + (index * PAGE) as u64, pair.page(index)))
}
