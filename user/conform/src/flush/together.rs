//! Many at once.

use l4::{Fpage, MapItem, Rights, kip, memory};

use super::readers::{PAGES, Readers, own};
use crate::harness::{Outcome, board, pager, until, worker};
use crate::map::agent::{PLACE, small};
use crate::pf::touch;

/// Board words of those who take.
const TAKEN: usize = 300;

/// Gets its page, and takes it from all of its space, for ever.
fn churn(index: u64) {
    let place = PLACE + 4096 * index;
    loop {
        touch::read(place);
        // SAFETY: nothing but `read` uses the page.
        unsafe { memory::flush(small(place, Rights::FULL)) };
        board::add(TAKEN + index as usize, 1);
    }
}

/// A thread of one space on each processor: each asks all others all the time, and all get on.
pub(super) fn all_take_at_once() -> Outcome {
    let cpus = kip::cpus().min(8);
    let pager = pager::start()?;
    pager::order_item(MapItem {
        send_base: PLACE,
        fpage: own(Rights::READ_WRITE),
    });
    let first = worker::start(worker::away().pager(pager), churn, 0)?;
    for cpu in 1..cpus {
        let plan = worker::here().in_space_of(first).cpu(cpu).pager(pager);
        worker::start(plan, churn, cpu as u64)?;
    }
    let mut before = [0; 8];
    for _ in 0..5 {
        until("everyone gets on", || {
            (0..cpus).all(|cpu| board::get(TAKEN + cpu) > before[cpu] + 5)
        })?;
        before = core::array::from_fn(|cpu| board::get(TAKEN + cpu));
    }
    Ok(())
}

/// Pages are taken while those who lose them fault and get them again, until nobody brings them any more.
pub(super) fn pages_come_back_meanwhile() -> Outcome {
    let mut readers = Readers::start()?;
    readers.read(PAGES)?;
    for _ in 0..5 {
        for round in 0..20 {
            let page = match round % 4 {
                0 => own(Rights::FULL),
                other => Fpage::new(touch::pages() + 4096 * other, 12, Rights::FULL),
            };
            memory::unmap(page);
        }
        readers.stop_pager();
        // It may be about to bring pages once more, but not when it has got other faults since.
        let faults = board::get(pager::COUNT);
        until("the pager gets faults", || {
            memory::unmap(own(Rights::FULL));
            board::get(pager::COUNT) > faults + 2
        })?;
        memory::unmap(own(Rights::FULL));
        readers.have_lost(true)?;
    }
    Ok(())
}
