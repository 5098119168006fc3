//! What mappings cost of the kernel's memory: the end of it in the middle of a message, and the end of large spaces.

use l4::control::{self, Counter};
use l4::{Fpage, Rights, Tag, ThreadId, memory};

use super::free;
use crate::harness::failure::at_most;
use crate::harness::pager;
use crate::harness::raw::{self, DONE};
use crate::harness::{Failure, Job, Outcome, SOON, check, equal, hex, worker};
use crate::map::agent::{Agent, MAP, agents, give, item};
use crate::pf::touch;

/// Where there is room for any number of pages.
pub(crate) const FAR: u64 = 1 << 40;

/// Two agents that have twice as much of the test's 16 pages in each round, until `enough` or an error, which is returned.
#[track_caller]
fn double(pair: [Agent; 2], rounds: core::ops::Range<u32>) -> Result<u64, Failure> {
    for log2 in rounds {
        let own = Fpage::new(FAR, log2, Rights::READ);
        for (from, to) in [(0, 1), (1, 0)] {
            let refused = pair[from].try_give(pair[to], item(MAP, FAR + (1 << log2), own))?;
            if refused != 0 {
                return Ok(refused);
            }
        }
    }
    Ok(0)
}

#[track_caller]
fn pair() -> Result<[Agent; 2], Failure> {
    let pair = agents()?;
    for index in 0..16 {
        touch::page(index, 0x50 + index);
    }
    let source = Fpage::new(touch::pages(), 16, Rights::READ);
    for agent in pair {
        give(agent, item(MAP, FAR, source))?;
        agent.has(FAR + 0x3000, 0x53)?;
    }
    Ok(pair)
}

/// Maps pages from space to space until the kernel has no memory for another one.
#[track_caller]
pub(crate) fn use_up() -> Outcome {
    let pair = pair()?;
    check("there is an end", double(pair, 16..40)? != 0)
}

/// All that [`use_up`] took is back.
pub(crate) fn give_back() {
    memory::unmap(Fpage::new(touch::pages(), 16, Rights::FULL));
}

/// Both sides learn that the message was cut at an item: words and items before it are there, so are the pages of the item
/// that came in time. When all is taken back, no memory is missing.
pub(super) fn item_without_memory() -> Outcome {
    let before = free()?;
    // In the test's space, where no page of the program is missing when there is no memory for it.
    let receiver = Job::receive(ThreadId::ANY)
        .accepting(Fpage::COMPLETE.raw())
        .start(worker::here())?;
    worker::until_waiting(&[receiver.id])?;
    let pair = pair()?;
    // The receiver's item is larger than what is left then.
    check("there is an end", double(pair, 16..40)? != 0)?;
    let source = Fpage::new(touch::pages(), 16, Rights::READ);
    let tag = Tag::new(7, 2, 4).raw();
    let [nil, none] = item(MAP, 0, Fpage::NIL);
    let [first, second] = item(MAP, FAR, source);
    let sent = Job::send(receiver.id)
        .tag(tag)
        .registers(1, &[0xA1, 0xA2, nil, none, first, second])
        .within(SOON, SOON)
        .now();
    sent.error_with_tag(8, tag)?;
    let got = receiver.result()?;
    got.error_with_tag(9, tag)?;
    equal("words", (got.mr[1], got.mr[2]), (0xA1, 0xA2))?;
    equal("the item before", (got.mr[3], got.mr[4]), (nil, none))?;
    hex("the item that failed", got.mr[5], 0)?;
    // Everything is as it was where nothing was to change.
    pair[0].has(FAR + 0x3000, 0x53)?;
    memory::unmap(source.with_rights(Rights::FULL));
    for agent in pair {
        agent.has_lost(FAR)?;
        equal("deletion", raw::delete(agent.0), DONE)?;
    }
    equal("deletion", raw::delete(receiver.id), DONE)?;
    // Control blocks of four threads stay, and three tables of the test's own space.
    at_most("frames missing", before.saturating_sub(free()?), 4 + 3)
}

/// When the deletion of the last thread returns, all that the space had is back, and what it gave is gone.
fn ends_at_once(cpu: usize) -> Outcome {
    let pager = pager::start()?;
    let stays = crate::map::agent::start(worker::away().pager(pager))?;
    let run = |log2: u32| -> Outcome {
        let before = free()?;
        let ends = crate::map::agent::start(worker::away().cpu(cpu).pager(pager))?;
        let pair = [ends, stays];
        let source = Fpage::new(touch::page(3, 0x53) & !0xFFFF, 16, Rights::READ);
        for agent in pair {
            give(agent, item(MAP, FAR, source))?;
        }
        equal("refusals", double(pair, 16..log2)?, 0)?;
        stays.has(FAR + (1 << (log2 - 1)) + 0x3000, 0x53)?;
        equal("deletion", raw::delete(ends.0), DONE)?;
        // The other half was from the space that ended.
        stays.has(FAR + 0x3000, 0x53)?;
        stays.flush(Fpage::new(FAR, 30, Rights::FULL))?;
        // Its control block stays, and tables of the other agent.
        check("its memory is back", free()? + 80 >= before)
    };
    for log2 in [17, 20, 26] {
        run(log2)?;
    }
    let before = free()?;
    run(26)?;
    // The control block of the thread that ended stays.
    at_most("frames missing", before.saturating_sub(free()?), 1)
}

pub(super) fn large_space_ends_at_once() -> Outcome {
    ends_at_once(0)
}

pub(super) fn large_space_ends_elsewhere() -> Outcome {
    ends_at_once(1)
}

/// The timer's interrupts are taken while a space ends, however large it is.
pub(super) fn interrupts_while_a_space_ends() -> Outcome {
    let ticks = || control::counter(0, Counter::Ticks).unwrap_or(0);
    for log2 in [24, 25, 26, 27, 28] {
        let pair = pair()?;
        let refused = double(pair, 16..log2)?;
        let before = ticks();
        equal("deletion", raw::delete(pair[0].0), DONE)?;
        let during = ticks() - before;
        equal("deletion", raw::delete(pair[1].0), DONE)?;
        // One can come before, and one that was kept back after.
        if during > 2 {
            return Ok(());
        }
        check("all memory is in use", refused == 0)?;
    }
    check("several ticks in the end of a space", false)
}
