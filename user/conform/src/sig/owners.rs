//! Memory goes to the first thread that asks, and to no other.

use l4::abi::kip::MemoryType;
use l4::abi::layout::{KIP_ADDRESS, UTCB_AREA, UTCB_AREA_LOG2};
use l4::{Acceptor, Tag, kip, thread};

use super::ask::{PAGE, ask, at, fault, free_block, gives, gives_nothing, memory};
use crate::harness::{Job, Outcome, SOON, hex, ids, raw, worker};
use crate::pf::touch;

/// Not by another thread of the same space, not from another space, not as a part of a larger piece; but by the owner, as
/// often as it likes.
pub(super) fn first_come() -> Outcome {
    let block = free_block()?;
    let page = block + 3 * PAGE;
    gives(&ask(page, 12), page, 12)?;
    touch::write(page, 0x1234);
    for (base, log2) in [(page, 12), (page, 13), (block, 14), (block, 20)] {
        let other = memory(&[at(base, log2), 0]).start(worker::here())?;
        gives_nothing(&other.result()?)?;
        let other = memory(&[at(base, log2), 0]).start(worker::away())?;
        gives_nothing(&other.result()?)?;
    }
    gives_nothing(&fault(page).start(worker::away())?.result()?)?;
    gives(&ask(page, 12), page, 12)?;
    hex("content", touch::read(page), 0x1234)?;
    // What was refused is still there.
    let other = memory(&[at(page - PAGE, 12), 0]).start(worker::away())?;
    gives(&other.result()?, page - PAGE, 12)
}

/// The owner gets each part of its piece, and larger pieces as long as all of the rest is free.
pub(super) fn parts_and_wholes() -> Outcome {
    let block = free_block()?;
    gives(&ask(block, 14), block, 14)?;
    for page in (block..block + (4 * PAGE)).step_by(PAGE as usize) {
        gives(&ask(page, 12), page, 12)?;
        gives(&fault(page).now(), page, 12)?;
    }
    gives(&ask(block, 16), block, 16)?;
    let other = block + 20 * PAGE;
    let started = memory(&[at(other, 12), 0]).start(worker::away())?;
    gives(&started.result()?, other, 12)?;
    gives_nothing(&ask(block, 17))?;
    gives(&ask(block + 16 * PAGE, 14), block + 16 * PAGE, 14)
}

/// The memory of the screen, say, is for everybody: by request and by fault.
pub(super) fn shared_memory() -> Outcome {
    const SCREEN: u64 = 0xB_8000;
    for plan in [worker::here(), worker::away(), worker::away()] {
        let asked = memory(&[at(SCREEN, 15), 0]).start(plan)?;
        gives(&asked.result()?, SCREEN, 15)?;
    }
    for plan in [worker::here(), worker::away()] {
        gives(&fault(SCREEN).start(plan)?.result()?, SCREEN, 12)?;
    }
    Ok(())
}

/// The kernel's memory, the areas that every space has somewhere, and what no program can address.
pub(super) fn memory_of_nobody() -> Outcome {
    for memory in kip::memory() {
        if memory.kind != MemoryType::RESERVED || memory.is_virtual {
            continue;
        }
        for page in [memory.low & !(PAGE - 1), memory.high & !(PAGE - 1)] {
            refused(page)?;
            gives_nothing(&ask(page, 21))?;
            gives_nothing(&ask(page, 30))?;
        }
    }
    let last_utcb = UTCB_AREA + (1 << UTCB_AREA_LOG2) - PAGE;
    for page in [KIP_ADDRESS, UTCB_AREA, last_utcb] {
        refused(page)?;
    }
    for page in [1 << 46, 0x7FFF_FFFF_F000, 1 << 47, 0xFFFF_8000_0000_0000] {
        refused(page)?;
    }
    gives_nothing(&ask(0, 47))
}

/// Neither by request, with and without an attribute, nor by fault.
#[track_caller]
fn refused(page: u64) -> Outcome {
    gives_nothing(&ask(page, 12))?;
    gives_nothing(&memory(&[at(page, 12), 1]).now())?;
    gives_nothing(&fault(page).start(worker::here())?.result()?)
}

/// The images of sigma0 and of the root task belong to their first threads.
pub(super) fn memory_of_servers() -> Outcome {
    for server in [&kip::kip().sigma0, &kip::kip().root] {
        for byte in [server.low, server.ip, server.high - 1] {
            refused(byte & !(PAGE - 1))?;
        }
    }
    Ok(())
}

/// A thread that is gone has its memory still: another one with its number is another one.
pub(super) fn the_dead_keep_theirs() -> Outcome {
    let block = free_block()?;
    let first = ids::fresh();
    let owner = memory(&[at(block, 12), 0]).start(worker::away().id(first))?;
    gives(&owner.result()?, block, 12)?;
    hex("deletion", raw::delete(first).result, 1)?;
    let next = ids::next_version(first);
    let heir = memory(&[at(block, 12), 0]).start(worker::away().id(next))?;
    let refused = heir.result();
    hex("deletion", raw::delete(next).result, 1)?;
    gives_nothing(&refused?)
}

/// Who is spoken for gets the answer, and owns the memory.
pub(super) fn somebody_speaks_for_it() -> Outcome {
    let block = free_block()?;
    let words = [at(block, 12), 0];
    let me = thread::myself();
    let ask_for_me = Job::send(kip::sigma0())
        .tag(Tag::new(l4::abi::protocol::SIGMA0_RPC, 2, 0).raw())
        .registers(1, &words)
        .speaking_for(me)
        .within(SOON, SOON);
    let window = Acceptor::COMPLETE_WINDOW.raw();
    let speaker = ask_for_me.start(worker::here())?;
    // The answer comes from sigma0, which the wait for the speaker becomes.
    let answer = Job::receive(speaker.id)
        .accepting(window)
        .within(SOON, SOON);
    let answer = answer.now();
    gives(&answer, block, 12)?;
    hex("from", answer.from.raw(), kip::sigma0().raw())?;
    speaker.result()?.ok()?;
    gives(&ask(block, 12), block, 12)?;
    let speaker = memory(&words).start(worker::here().id(ids::fresh()))?;
    gives_nothing(&speaker.result()?)
}

/// The same answers on another CPU than sigma0's.
pub(super) fn from_another_cpu() -> Outcome {
    let block = free_block()?;
    let there = |words: [u64; 2]| -> Result<_, crate::harness::Failure> {
        let asked = memory(&words).start(worker::away().cpu(1))?;
        asked.result()
    };
    gives(&there([at(block, 16), 0])?, block, 16)?;
    gives_nothing(&ask(block + PAGE, 12))?;
    gives_nothing(&there([at(block, 12), 0])?)?;
    let faulting = fault(block + 0x1_0000).start(worker::away().cpu(1))?;
    gives(&faulting.result()?, block + 0x1_0000, 12)
}
