//! What is no request: sigma0 does not answer it, and serves the next.

use l4::abi::item::StringItem;
use l4::abi::protocol::{
    EXCEPTION, INTERRUPT, IO_FAULT, PAGE_FAULT, PREEMPTION, SIGMA0_DUMP, SIGMA0_EXT, SIGMA0_RPC,
    SIGMA0_VERBOSE,
};
use l4::{Fpage, MapItem, Rights, Tag, kip};

use super::ask::{
    PAGE, any, ask, at, free_block, gives, gives_nothing, is_ignored, memory, request,
};
use crate::harness::{Job, Outcome, SOON, arena, worker};

/// A request has two or three words.
pub(super) fn counts() -> Outcome {
    let block = free_block()?;
    let mut words = [0; 63];
    words[0] = at(block, 12);
    for count in [0, 1, 4, 5, 62, 63] {
        is_ignored(request(SIGMA0_RPC, &words[..count]))?;
        is_ignored(request(PAGE_FAULT | 4, &words[..count]))?;
        is_ignored(request(SIGMA0_EXT, &words[..count]))?;
    }
    // Nothing of that made an entry.
    gives(
        &memory(&words[..3]).start(worker::away())?.result()?,
        block,
        12,
    )
}

/// Labels of other protocols, and those beside sigma0's.
pub(super) fn labels() -> Outcome {
    let block = free_block()?;
    let words = [at(block, 12), 0];
    for label in [
        0,
        1,
        INTERRUPT,
        PREEMPTION,
        EXCEPTION,
        SIGMA0_RPC - 0x10,
        SIGMA0_RPC | 1,
        SIGMA0_RPC | 0xF,
        SIGMA0_RPC & 0xFFFF_FFFF,
        SIGMA0_EXT | 2,
        // Ports that are none.
        IO_FAULT | 6,
    ] {
        is_ignored(request(label, &words))?;
    }
    gives(&memory(&words).start(worker::away())?.result()?, block, 12)
}

/// sigma0 accepts nothing but words: who sends items learns that.
pub(super) fn items() -> Outcome {
    /// Message overflow, in the send phase.
    const OVERFLOW: u64 = 8;
    let block = free_block()?;
    let page = Fpage::new(arena::source(), 12, Rights::FULL);
    let map = MapItem {
        send_base: 0,
        fpage: page,
    };
    let string = [StringItem::new(64, 1).raw(), arena::source()];
    // An item of a kind that there is not.
    let neither = [0xE, 0];
    for item in [map.words(), string, neither] {
        let tag = Tag::new(SIGMA0_RPC, 2, 2).raw();
        let job = memory(&[at(block, 12), 0]).tag(tag).registers(3, &item);
        job.now().error_with_tag(OVERFLOW, tag)?;
        gives_nothing(&ask(0, 0))?;
    }
    gives(
        &memory(&[at(block, 12), 0])
            .start(worker::away())?
            .result()?,
        block,
        12,
    )
}

/// The answer is lost, the memory is not.
pub(super) fn who_does_not_wait() -> Outcome {
    let block = free_block()?;
    for index in 0..3 {
        let page = block + index * PAGE;
        let request = Job::send(kip::sigma0())
            .tag(Tag::new(SIGMA0_RPC, 2, 0).raw())
            .registers(1, &[at(page, 12), 0])
            .within(SOON, SOON);
        request.now().ok()?;
        let other = memory(&[at(page, 12), 0]).start(worker::away())?;
        gives_nothing(&other.result()?)?;
        gives(&ask(page, 12), page, 12)?;
    }
    Ok(())
}

/// Only kernel threads and the root task may make sigma0 print: the test's thread is neither.
pub(super) fn untrusted() -> Outcome {
    for words in [
        [SIGMA0_VERBOSE, 3],
        [SIGMA0_DUMP, 0],
        [SIGMA0_DUMP, 1],
        [3, 1],
        [any(12), 0],
    ] {
        is_ignored(request(SIGMA0_EXT, &words))?;
        let elsewhere = request(SIGMA0_EXT, &words).within(SOON, crate::harness::A_WHILE);
        elsewhere.start(worker::away())?.result()?.bare_error(3)?;
    }
    Ok(())
}
