//! Page faults that sigma0 serves: RAM that is free, and what the thread has already.

use core::sync::atomic::{AtomicU64, Ordering::SeqCst};

use l4::abi::kip::MemoryType;
use l4::abi::protocol::PAGE_FAULT;
use l4::{kip, utcb};

use super::ask::{
    PAGE, ask, at, fault, free_block, gives, gives_nothing, is_ignored, memory, request,
};
use crate::harness::{Failure, Outcome, board, check, hex, pause, until, worker};
use crate::pf::touch;

/// The page around the address, with all rights, whatever the access was.
pub(super) fn messages() -> Outcome {
    let block = free_block()?;
    for access in 1..8 {
        let page = block + access * PAGE;
        let done = request(PAGE_FAULT | access, &[page + 0xFFF, 7]).now();
        gives(&done, page, 12)?;
        touch::write(page, access);
    }
    gives_nothing(
        &memory(&[at(block, 15), 0])
            .start(worker::here())?
            .result()?,
    )?;
    // Nobody means page 0 who runs into it, but who asks gets it.
    gives_nothing(&fault(0).now())?;
    gives(
        &memory(&[at(0, 12), 0]).start(worker::away())?.result()?,
        0,
        12,
    )?;
    gives_nothing(&fault(0).start(worker::here())?.result()?)
}

/// What is neither RAM nor shared must be asked for by name; then it is the client's.
pub(super) fn firmware_memory() -> Outcome {
    let page = firmware_page()?;
    gives_nothing(&fault(page).now())?;
    gives(&ask(page, 12), page, 12)?;
    gives(&fault(page).now(), page, 12)?;
    gives_nothing(&fault(page).start(worker::away())?.result()?)?;
    gives_nothing(&memory(&[at(page, 12), 0]).start(worker::away())?.result()?)
}

/// A page that is the firmware's as a whole.
#[track_caller]
fn firmware_page() -> Result<u64, Failure> {
    let is_firmware = |page: &u64| kip::memory_kind(*page, page + PAGE - 1).map(|kind| kind.0);
    kip::memory()
        .filter(|memory| memory.kind == MemoryType::ARCH)
        .map(|memory| memory.low.next_multiple_of(PAGE))
        .find(|page| is_firmware(page) == Some(MemoryType::ARCH))
        .ok_or(Failure::new(format_args!("the firmware has no page")))
}

/// A fault that comes again after a refusal would come for ever: there is no second answer.
pub(super) fn refused_twice() -> Outcome {
    let page = kip::kip().sigma0.low;
    gives_nothing(&fault(page).now())?;
    is_ignored(fault(page + 8))?;
    is_ignored(fault(page))?;
    // Another thread may not know it, and a request is no fault.
    gives_nothing(&fault(page).start(worker::here())?.result()?)?;
    gives_nothing(&ask(page, 12))
}

static PLACE: AtomicU64 = AtomicU64::new(0);

/// Runs in the test's space, with all of the image there, and with sigma0 as its pager.
fn touch_pages(pages: u64) {
    utcb::my().set_pager(kip::sigma0());
    let place = PLACE.load(SeqCst);
    for page in (place..).step_by(PAGE as usize).take(pages as usize) {
        touch::write(page + 8, page);
        board::add(0, u64::from(touch::read(page + 8) == page));
    }
}

/// Threads whose pager sigma0 is: each page that they touch is theirs, no other is.
pub(super) fn real() -> Outcome {
    let block = free_block()?;
    PLACE.store(block, SeqCst);
    worker::start(worker::here(), touch_pages, 5)?;
    until("all pages are there", || board::get(0) == 5)?;
    for page in (block..block + 5 * PAGE).step_by(PAGE as usize) {
        hex("content", touch::read(page + 8), page)?;
        gives_nothing(&ask(page, 12))?;
    }
    gives(&ask(block + 5 * PAGE, 12), block + 5 * PAGE, 12)
}

/// Where it may not have what it touches it stays, and nobody else does.
pub(super) fn real_and_refused() -> Outcome {
    let block = free_block()?;
    let owner = memory(&[at(block + PAGE, 12), 0]).start(worker::away())?;
    gives(&owner.result()?, block + PAGE, 12)?;
    PLACE.store(block, SeqCst);
    let stuck = worker::start(worker::here(), touch_pages, 3)?;
    until("its first page", || board::get(0) == 1)?;
    worker::until_waiting(&[stuck])?;
    pause(5_000);
    check("it did not go on", board::get(0) == 1)?;
    gives(&ask(block + 2 * PAGE, 12), block + 2 * PAGE, 12)
}
