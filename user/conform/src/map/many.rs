//! Many mappings, no memory for more, and several processors.

use l4::{Fpage, Rights, Tag, control, memory};

use super::agent::{Agent, MAP, PLACE, agents, give, item, small, start};
use super::revoke::chain;
use crate::harness::pager::{self, COUNT};
use crate::harness::{Failure, Outcome, board, check, equal, hex, pause, raw, until, worker};
use crate::pf::touch;

pub(super) fn long_chain() -> Outcome {
    let chain = chain::<24>(Rights::READ)?;
    let [.., (last, at)] = chain;
    last.has(at, 0x77)?;
    let (middle, place) = chain[11];
    middle.unmap(small(place, Rights::FULL))?;
    for (index, (agent, address)) in chain.into_iter().enumerate() {
        if index <= 11 {
            agent.has(address, 0x77)?;
        } else {
            agent.has_lost(address)?;
        }
    }
    Ok(())
}

#[track_caller]
fn free() -> Result<u64, Failure> {
    control::free_frames()
        .ok_or_else(|| Failure::new(format_args!("free frames cannot be asked for")))
}

/// Pages go back and forth; once the page tables are there, nothing more is used.
pub(super) fn nothing_leaks() -> Outcome {
    let [first, second] = agents()?;
    let pages = Fpage::new(touch::pages(), 16, Rights::READ);
    for index in 0..16 {
        touch::page(index, index);
    }
    let mut before = 0;
    for round in 0..20 {
        if round == 2 {
            before = free()?;
        }
        give(first, item(MAP, PLACE, pages))?;
        let own = Fpage::new(PLACE, 16, Rights::READ);
        for place in 0..20 {
            first.give(second, item(MAP, PLACE + 0x10000 * place, own))?;
        }
        if round % 2 == 0 {
            memory::unmap(pages.with_rights(Rights::FULL));
        } else {
            first.flush(own.with_rights(Rights::FULL))?;
        }
    }
    equal("free frames", free()?, before)
}

/// Where there is room for any number of pages.
const FAR: u64 = 1 << 40;

/// Two spaces that have used up the kernel's memory by mapping the test's pages to and fro.
pub(crate) struct Filled {
    pair: [Agent; 2],
    before: u64,
}

/// Two spaces double what they have until the kernel has no memory.
#[track_caller]
pub(crate) fn fill() -> Result<Filled, Failure> {
    let pair: [Agent; 2] = agents()?;
    let before = free()?;
    for index in 0..16 {
        touch::page(index, 0x50 + index);
    }
    give(pair[0], item(MAP, FAR, source()))?;
    // What it needs for reading it has now: later there is no memory for its faults either.
    pair[0].has(FAR + 0x3000, 0x53)?;
    let mut refused = 0;
    'filling: for log2 in 16..32 {
        let own = Fpage::new(FAR, log2, Rights::READ);
        for target in [FAR, FAR + (1 << log2)] {
            for (from, to) in [(0, 1), (1, 0)] {
                refused = pair[from].try_give(pair[to], item(MAP, target, own))?;
                if refused != 0 {
                    break 'filling;
                }
            }
        }
    }
    hex("the end", refused, Tag::ERROR | 8)?;
    Ok(Filled { pair, before })
}

fn source() -> Fpage {
    Fpage::new(touch::pages(), 16, Rights::READ)
}

impl Filled {
    /// Everything is taken back.
    #[track_caller]
    pub(crate) fn empty(self) -> Outcome {
        let Self { pair, before } = self;
        pair[0].has(FAR + 0x3000, 0x53)?;
        memory::unmap(source().with_rights(Rights::FULL));
        pair[0].has_lost(FAR)?;
        pair[1].has_lost(FAR + 0x10000)?;
        for agent in pair {
            equal("deletion", raw::delete(agent.0), raw::DONE)?;
        }
        check("the memory is back", free()? >= before)
    }
}

pub(super) fn no_memory_in_the_middle() -> Outcome {
    fill()?.empty()
}

/// Writes for ever, a new number each time.
fn scribble(address: u64) {
    for number in 1.. {
        touch::write(address, number);
    }
}

/// When Unmap returns, the other processor has written its last word.
pub(super) fn other_processor_loses_at_once() -> Outcome {
    let page = touch::page(0, 0);
    let pager = pager::start()?;
    let order = |rights| pager::order(PLACE, page, rights);
    order(Rights::READ_WRITE);
    worker::start(worker::away().cpu(1).pager(pager), scribble, PLACE)?;
    for round in 0..100 {
        let then = touch::read(page);
        until("it writes", || touch::read(page) != then)?;
        let faults = board::get(COUNT);
        // The next fault is answered without a page.
        board::put(pager::EMPTY, u64::MAX);
        let seen = if round % 2 == 0 {
            memory::unmap(small(page, Rights::FULL))
        } else {
            memory::unmap(small(page, Rights::WRITE))
        };
        let last = touch::read(page);
        for _ in 0..1000 {
            hex("a word after the end", touch::read(page), last)?;
        }
        equal("accesses", seen, Rights::FULL)?;
        until("the fault", || board::get(COUNT) > faults)?;
        hex("a word after the end", touch::read(page), last)?;
        board::put(pager::EMPTY, 0);
    }
    Ok(())
}

/// Maps and unmaps between its two places; counts on the board.
fn churn(slot: u64) {
    let slot = slot as usize;
    loop {
        touch::read(PLACE);
        memory::unmap(small(PLACE, Rights::FULL));
        // SAFETY: nothing but `read` uses the page.
        unsafe { memory::flush(small(PLACE, Rights::FULL)) };
        board::add(slot, 1);
    }
}

/// Two processors take the same page from each other's spaces at the same time, and a third party from both.
pub(super) fn two_processors_at_once() -> Outcome {
    let page = touch::page(0, 0x66);
    let pager = pager::start()?;
    pager::order(PLACE, page, Rights::READ_WRITE);
    let here = worker::start(worker::away().pager(pager), churn, 100)?;
    let there = worker::start(worker::away().cpu(1).pager(pager), churn, 101)?;
    let third = worker::here().in_space_of(here).cpu(1).pager(pager);
    let fourth = worker::here().in_space_of(there).pager(pager);
    let third = worker::start(third, churn, 102)?;
    let fourth = worker::start(fourth, churn, 103)?;
    for _ in 0..50 {
        memory::unmap(small(page, Rights::FULL));
        pause(2000);
    }
    for slot in 100..104 {
        until("everyone gets on", || board::get(slot) > 20)?;
    }
    for churner in [here, there, third, fourth] {
        equal("deletion", raw::delete(churner), raw::DONE)?;
    }
    let survivor = start(worker::away().pager(pager))?;
    give(survivor, item(MAP, PLACE, small(page, Rights::READ)))?;
    survivor.has(PLACE, 0x66)
}
