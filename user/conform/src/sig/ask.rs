//! Requests to sigma0, and what it may answer.

use core::sync::atomic::{AtomicU64, Ordering::SeqCst};

use l4::abi::kip::MemoryType;
use l4::abi::protocol::{PAGE_FAULT, SIGMA0_ANY_BASE, SIGMA0_RPC};
use l4::{Acceptor, Tag, kip};

use crate::harness::job::Done;
use crate::harness::{A_WHILE, Failure, Job, Outcome, SOON, hex};

/// A page, and the longest piece that [`free_block`] finds.
pub(super) const PAGE: u64 = 1 << 12;
pub(super) const BLOCK: u64 = 1 << 21;

/// A call with this label and these words, by a client that accepts whatever comes.
pub(super) fn request(label: u64, words: &[u64]) -> Job {
    Job::call(kip::sigma0())
        .tag(Tag::new(label, words.len(), 0).raw())
        .registers(1, words)
        .accepting(Acceptor::COMPLETE_WINDOW.raw())
        .within(SOON, SOON)
}

/// A request for memory: the fpage, the attributes, and perhaps the upper address bits.
pub(super) fn memory(words: &[u64]) -> Job {
    request(SIGMA0_RPC, words)
}

/// The message of a read fault at `address`.
pub(super) fn fault(address: u64) -> Job {
    request(PAGE_FAULT | 4, &[address, 0x1234])
}

/// The fpage of a request for `1 << log2` bytes at `base`, all bits as they are.
pub(super) const fn at(base: u64, log2: u64) -> u64 {
    base | log2 << 4
}

/// The fpage of a request for any `1 << log2` bytes.
pub(super) const fn any(log2: u64) -> u64 {
    at(SIGMA0_ANY_BASE, log2)
}

/// Asks for this piece, with the default attribute.
pub(super) fn ask(base: u64, log2: u64) -> Done {
    memory(&[at(base, log2), 0]).now()
}

/// The piece was given: with all rights, to where it is in physical memory.
#[track_caller]
pub(super) fn gives(done: &Done, base: u64, log2: u64) -> Outcome {
    done.ok()?;
    hex("tag", done.mr[0] & !Tag::CROSS_CPU, Tag::new(0, 0, 2).raw())?;
    hex("map item", done.mr[1], base | 8)?;
    hex("its fpage", done.mr[2], at(base, log2) | 7)
}

/// The request was refused: with a map item of nothing.
#[track_caller]
pub(super) fn gives_nothing(done: &Done) -> Outcome {
    done.ok()?;
    hex("tag", done.mr[0] & !Tag::CROSS_CPU, Tag::new(0, 0, 2).raw())?;
    hex("map item", done.mr[1], 8)?;
    hex("its fpage", done.mr[2], 0)
}

/// Makes the call, which must get no answer, and sees that sigma0 answers the next. sigma0 is the more urgent thread of
/// the same CPU, so an answer would come before any timeout.
#[track_caller]
pub(super) fn is_ignored(job: Job) -> Outcome {
    job.within(SOON, A_WHILE).now().bare_error(3)?;
    gives_nothing(&ask(0, 0))
}

/// The piece that was given for a request for any; `None` if there was none.
#[track_caller]
pub(super) fn given(log2: u64) -> Result<Option<u64>, Failure> {
    let done = memory(&[any(log2), 0]).now();
    done.ok()?;
    if done.mr[2] == 0 {
        gives_nothing(&done)?;
        return Ok(None);
    }
    let base = done.mr[2] & SIGMA0_ANY_BASE;
    gives(&done, base, log2)?;
    let kind = kip::memory_kind(base, base + (1 << log2) - 1);
    if base & ((1 << log2) - 1) != 0 || kind.map(|kind| kind.0) != Some(MemoryType::CONVENTIONAL) {
        return Err(Failure::new(format_args!("{log2}: {base:#x} is {kind:?}")));
    }
    Ok(Some(base))
}

/// Below this the next free block is looked for.
static BELOW: AtomicU64 = AtomicU64::new(u64::MAX);

/// Address of a block of RAM of which nobody has anything but the caller, who has the last page. Requests for any memory
/// are served from the other end.
#[track_caller]
pub(super) fn free_block() -> Result<u64, Failure> {
    let ram = kip::memory().filter(|d| !d.is_virtual && d.kind == MemoryType::CONVENTIONAL);
    let top = ram.map(|memory| memory.high + 1).max().unwrap_or(0);
    let mut block = top.min(BELOW.load(SeqCst)) & !(BLOCK - 1);
    while block > BLOCK {
        block -= BLOCK;
        let kind = kip::memory_kind(block, block + BLOCK - 1);
        if kind.is_some_and(|kind| kind.0 == MemoryType::CONVENTIONAL)
            && ask(block + BLOCK - PAGE, 12).mr[2] != 0
        {
            BELOW.store(block, SeqCst);
            return Ok(block);
        }
    }
    Err(Failure::new(format_args!("no free memory")))
}
