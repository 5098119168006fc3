//! What happens where somebody waits.

use l4::control::{self, Counter};
use l4::{Rights, memory};

use super::readers::{Readers, asked, own};
use crate::harness::regular::spin;
use crate::harness::{Outcome, board, check, equal, raw, until, worker};
use crate::map::agent::{MAP, PLACE, give, item, small};
use crate::pf::touch;

/// Board words: of the one who runs meanwhile; whether the other has begun, and has come back.
const RAN: usize = 310;
const BEGUN: usize = 311;
const ENDED: usize = 312;

/// While the test waits for other processors, its own runs a thread of lower priority.
pub(super) fn lower_one_runs_meanwhile() -> Outcome {
    let readers = Readers::start()?;
    give(readers.agent, item(MAP, PLACE, own(Rights::READ_WRITE)))?;
    readers.read(0)?;
    worker::start(worker::here().priority(50), spin, RAN as u64)?;
    until("it runs", || board::get(RAN) > 0)?;
    let (ran, dispatched) = (board::get(RAN), control::counter(0, Counter::Dispatches));
    let mut waited = 0;
    for page in 0..16 {
        let address = touch::pages() + 4096 * page;
        let times = asked(|| {
            memory::unmap(small(address, Rights::FULL));
        });
        waited += u64::from(times > 0);
    }
    let after = control::counter(0, Counter::Dispatches);
    let dispatches = after
        .zip(dispatched)
        .map_or(0, |(after, before)| after - before);
    equal("it waited for each", waited, 16)?;
    check("each time somebody was picked", dispatches >= 16)?;
    check("the other got on", board::get(RAN) > ran)
}

fn take(_: u64) {
    board::put(BEGUN, 1);
    memory::unmap(own(Rights::FULL));
    board::put(ENDED, 1);
}

/// Who waits is deleted: its pages are gone all the same as soon as somebody takes them who is not.
pub(super) fn who_waits_is_deleted() -> Outcome {
    let mut readers = Readers::start()?;
    readers.read(1)?;
    let mut early = 0;
    for _ in 0..40 {
        board::put(BEGUN, 0);
        board::put(ENDED, 0);
        readers.stop_pager();
        // It runs as soon as this thread waits, and this one as soon as that does.
        let taker = worker::start(worker::here().priority(190), take, 0)?;
        while board::get(BEGUN) == 0 {
            crate::harness::pause(1);
        }
        early += u64::from(board::get(ENDED) == 0);
        equal("deletion", raw::delete(taker), raw::DONE)?;
        memory::unmap(own(Rights::FULL));
        readers.have_lost(true)?;
        if early > 3 {
            break;
        }
    }
    Ok(())
}
