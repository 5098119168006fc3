//! Threads of one space that read its pages for ever, each on a processor of its own.

use l4::control::{self, Counter};
use l4::{Fpage, MapItem, Rights, kip};

use crate::harness::{Failure, Outcome, board, check, equal, pager, pause, until, worker};
use crate::map::agent::{self, Agent, PLACE};
use crate::pf::touch;

/// All pages of the readers, and of the test, which they come from: 2^16 bytes.
pub(super) const PAGES: u64 = 16;
const LOG2: u32 = 16;

/// Board words: how many pages are read; the least value that nobody may see; how often somebody did; the readers' turns.
const READ: usize = 200;
const FORBIDDEN: usize = 201;
const SEEN: usize = 202;
const TURNS: usize = 210;

/// Most readers.
const MOST: usize = 3;

/// Some readers, and an agent in their space, which is on the first processor and waits.
pub(super) struct Readers {
    pub(super) agent: Agent,
    /// How many there are: one for each other processor, up to three.
    pub(super) count: usize,
    /// The value that their pages have had last.
    value: u64,
}

fn read(index: u64) {
    loop {
        for page in 0..board::get(READ) {
            if touch::read(PLACE + 4096 * page) >= board::get(FORBIDDEN) {
                board::add(SEEN, 1);
            }
        }
        board::add(TURNS + index as usize, 1);
    }
}

/// The test's own pages.
pub(super) fn own(rights: Rights) -> Fpage {
    Fpage::new(touch::pages(), LOG2, rights)
}

/// Sums a counter of all processors.
pub(super) fn sum(counter: Counter) -> u64 {
    (0..kip::cpus())
        .filter_map(|cpu| control::counter(cpu, counter))
        .sum()
}

/// Calls `work`, and counts how often a processor was asked to forget something meanwhile.
pub(super) fn asked(work: impl FnOnce()) -> u64 {
    let before = sum(Counter::FlushesSent);
    work();
    sum(Counter::FlushesSent) - before
}

fn turns(count: usize) -> [u64; MOST] {
    core::array::from_fn(|index| {
        if index < count {
            board::get(TURNS + index)
        } else {
            0
        }
    })
}

/// How often in a row nothing must have come back: a processor that stands still gives nothing back for a while, either.
const QUIET: u32 = 4;

/// Waits until the spaces of earlier tests have ended, as far as one sees from outside: no memory comes back any more.
#[track_caller]
pub(super) fn settle() -> Outcome {
    let (mut before, mut quiet) = (None, 0);
    until("memory comes back no more", || {
        let now = control::free_frames();
        quiet = match now {
            Some(_) if now == before => quiet + 1,
            _ => 0,
        };
        before = now;
        quiet == QUIET
    })
}

impl Readers {
    /// Readers that read nothing yet, with a pager that brings the test's pages.
    #[track_caller]
    pub(super) fn start() -> Result<Self, Failure> {
        settle()?;
        let pager = pager::start()?;
        let agent = agent::start(worker::away().pager(pager))?;
        let count = (kip::cpus() - 1).min(MOST);
        board::put(FORBIDDEN, u64::MAX);
        for index in 0..count {
            let plan = worker::here()
                .in_space_of(agent.0)
                .cpu(index + 1)
                .pager(pager);
            worker::start(plan, read, index as u64)?;
        }
        // All that it needs of the program is there then: pages that come while others go are waited for, too.
        worker::until_waiting(&[agent.0])?;
        for page in 0..PAGES {
            touch::page(page, 1);
        }
        pager::order_item(MapItem {
            send_base: PLACE,
            fpage: own(Rights::READ_WRITE),
        });
        Ok(Self {
            agent,
            count,
            value: 1,
        })
    }

    /// Lets them read the first `pages` pages, and waits until all do.
    #[track_caller]
    pub(super) fn read(&self, pages: u64) -> Outcome {
        board::put(READ, pages);
        self.get_on()
    }

    /// Each gets on.
    #[track_caller]
    pub(super) fn get_on(&self) -> Outcome {
        let before = turns(self.count);
        until("all readers get on", || {
            let now = turns(self.count);
            (0..self.count).all(|index| now[index] > before[index] + 1)
        })
    }

    /// From now on nobody brings them a page.
    pub(super) fn stop_pager(&self) {
        board::put(pager::EMPTY, u64::MAX);
    }

    /// The pages that they read were taken from them just now: none gets on, and none sees what the test writes now. Then
    /// the pager brings pages again, if `again`.
    #[track_caller]
    pub(super) fn have_lost(&mut self, again: bool) -> Outcome {
        let before = turns(self.count);
        self.value += 1;
        board::put(FORBIDDEN, self.value);
        for page in 0..PAGES {
            touch::page(page, self.value);
        }
        pause(4_000);
        let now = turns(self.count);
        equal("values seen afterwards", board::get(SEEN), 0)?;
        for index in 0..self.count {
            // It may have read all before, and not have counted it.
            check("a reader has stopped", now[index] <= before[index] + 1)?;
        }
        board::put(FORBIDDEN, u64::MAX);
        if again {
            board::put(pager::EMPTY, 0);
            self.get_on()?;
        }
        Ok(())
    }

    /// Their page has been replaced just now: they get on, and do not see what the test writes to the old one.
    #[track_caller]
    pub(super) fn see_no_more_of(&self, old: u64, value: u64) -> Outcome {
        board::put(FORBIDDEN, value + 1);
        touch::write(old, value + 1);
        self.get_on()?;
        self.get_on()?;
        equal("values seen afterwards", board::get(SEEN), 0)?;
        board::put(FORBIDDEN, u64::MAX);
        touch::write(old, value);
        Ok(())
    }
}
