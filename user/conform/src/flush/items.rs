//! Items that take something away.

use l4::{Fpage, Rights, Tag, ThreadId, thread};

use super::readers::{Readers, own};
use crate::harness::{Outcome, board, check, equal, raw, worker};
use crate::map::agent::{self, Agent, GRANT, MAP, PLACE, give, item};
use crate::pf::touch;

/// Board words: whom to delete, and that it is done.
const VICTIM: usize = 320;

/// The pages at [`PLACE`].
fn theirs() -> Fpage {
    Fpage::new(PLACE, 16, Rights::READ_WRITE)
}

/// Readers lose what another thread of their space grants away.
pub(super) fn granted() -> Outcome {
    let mut readers = Readers::start()?;
    for _ in 0..10 {
        readers.stop_pager();
        give(readers.agent, item(MAP, PLACE, own(Rights::READ_WRITE)))?;
        readers.read(2)?;
        let taker = agent::start(worker::away())?;
        readers.agent.give(taker, item(GRANT, PLACE, theirs()))?;
        readers.have_lost(false)?;
        equal("deletion", raw::delete(taker.0), raw::DONE)?;
    }
    Ok(())
}

/// Deletes the victim as soon as it may run.
fn delete(_: u64) {
    loop {
        let victim = board::get(VICTIM);
        if victim != 0 {
            raw::delete(ThreadId::from_raw(victim));
            board::put(VICTIM, 0);
        }
    }
}

/// Who grants waits for the readers' processors, and the taker is deleted meanwhile, or soon afterwards: the message
/// has arrived, or was aborted; the readers have lost the pages in any case.
pub(super) fn partner_is_deleted() -> Outcome {
    let mut readers = Readers::start()?;
    worker::start(worker::here().priority(60), delete, 0)?;
    let mut broken = 0;
    for _ in 0..20 {
        readers.stop_pager();
        give(readers.agent, item(MAP, PLACE, own(Rights::READ_WRITE)))?;
        readers.read(2)?;
        let taker = agent::start(worker::away())?;
        worker::until_waiting(&[taker.0])?;
        board::put(VICTIM, taker.0.raw());
        let error = readers
            .agent
            .try_give(taker, item(GRANT, PLACE, theirs()))?;
        broken += u64::from(error & Tag::ERROR != 0);
        readers.have_lost(false)?;
        crate::harness::until("the deletion", || board::get(VICTIM) == 0)?;
        check("the taker is gone", thread::registers(taker.0).is_err())?;
    }
    check("some were deleted in time", broken > 0)
}

/// A message from another processor replaces a page that readers on a third one have.
pub(super) fn replaced_from_elsewhere() -> Outcome {
    let readers = Readers::start()?;
    let [first, second] = [touch::pages(), touch::pages() + 0x8000];
    let plan = worker::here().in_space_of(readers.agent.0).cpu(1);
    let there = Agent(agent::start(plan)?.0);
    for _ in 0..10 {
        readers.stop_pager();
        let page = |address| Fpage::new(address, 12, Rights::READ_WRITE);
        give(there, item(MAP, PLACE, page(first)))?;
        readers.read(1)?;
        // From here on their page is another, which has the old value.
        let old = touch::read(second);
        give(there, item(MAP, PLACE, page(second)))?;
        readers.see_no_more_of(first, old)?;
    }
    Ok(())
}
