//! Who is asked, and how often.

use l4::abi::schedule::ThreadState;
use l4::{Fpage, MapItem, Rights, control, memory};

use super::readers::{PAGES, Readers, asked, own, settle};
use crate::harness::{Outcome, board, check, equal, pager, pause, until, worker};
use crate::map::agent::{self, MAP, PLACE, give, item, small};
use crate::pf::touch;

const ROUNDS: usize = 10;

/// Rounds in which somebody else may have asked: a space that still ends takes along what is under way.
const DISTURBED: usize = 2;

/// Takes `page`, of which they read `pages` pages, again and again: each of their processors is asked at most once a time.
#[track_caller]
fn take(page: Fpage, pages: u64) -> Outcome {
    let mut readers = Readers::start()?;
    readers.read(pages)?;
    let (mut total, mut disturbed) = (0, 0);
    for _ in 0..ROUNDS {
        readers.stop_pager();
        let times = asked(|| {
            memory::unmap(page);
        });
        disturbed += usize::from(times > readers.count as u64);
        total += times;
        readers.have_lost(true)?;
    }
    check("at most once each", disturbed <= DISTURBED)?;
    // One may have been on its way to its pager.
    check("they were asked", total >= ROUNDS as u64)
}

/// One page.
pub(super) fn each_is_asked_once() -> Outcome {
    take(small(touch::pages(), Rights::FULL), 1)
}

/// Many pages in one call.
pub(super) fn once_for_many_pages() -> Outcome {
    take(own(Rights::FULL), PAGES)
}

/// Processors that run nobody of the space, because there is nothing to run, are left alone.
pub(super) fn idle_ones_are_not_asked() -> Outcome {
    settle()?;
    let pager = pager::start()?;
    let page = touch::page(0, 0x77);
    pager::order(PLACE, page, Rights::READ_WRITE);
    let first = agent::start(worker::away().cpu(1).pager(pager))?;
    for _ in 0..ROUNDS {
        // It runs, has the page, and then waits.
        give(first, item(MAP, PLACE, small(page, Rights::READ_WRITE)))?;
        first.has(PLACE, 0x77)?;
        worker::until_state(first.0, ThreadState::Waiting)?;
        pause(2_000);
        let times = asked(|| {
            memory::unmap(small(page, Rights::FULL));
        });
        equal("processors asked", times, 0)?;
        first.has_lost(PLACE)?;
    }
    Ok(())
}

/// Takes pages again and again from a space whose only thread it is; counts.
fn churn(_: u64) {
    loop {
        touch::read(PLACE);
        // SAFETY: nothing but `read` uses the page.
        unsafe { memory::flush(small(PLACE, Rights::FULL)) };
        board::add(100, 1);
    }
}

/// Nobody is asked for a space that runs nowhere else, though other spaces do.
pub(super) fn others_spaces_are_not_concerned() -> Outcome {
    let readers = Readers::start()?;
    readers.read(1)?;
    let page = touch::page(8, 0);
    let pager = worker::start(
        worker::here().priority(150),
        |page| {
            l4::server::serve(move |request| {
                let fault = l4::abi::protocol::PageFault::from_words([
                    request.message.tag().raw(),
                    request.message.word_at(0),
                    request.message.word_at(1),
                ])?;
                match l4::pager::map_item(fault) {
                    Some(_) => l4::pager::answer(request),
                    None => {
                        let item = MapItem {
                            send_base: PLACE,
                            fpage: small(page, Rights::READ_WRITE),
                        };
                        Some(l4::Message::new(0).typed_words(&item.words()))
                    }
                }
            })
        },
        page,
    )?;
    let before = super::readers::sum(control::Counter::FlushesSent);
    worker::start(worker::away().pager(pager), churn, 0)?;
    until("it gets on", || board::get(100) > 50)?;
    let after = super::readers::sum(control::Counter::FlushesSent);
    equal("processors asked", after - before, 0)?;
    readers.get_on()
}
