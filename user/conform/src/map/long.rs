//! Calls about very many pages: others run meanwhile, and nothing is forgotten.

use core::sync::atomic::{AtomicU64, Ordering::SeqCst};

use l4::{Fpage, Rights, control, memory, thread};

use super::agent::{Agent, GRANT, MAP, agents, give, item, small};
use crate::harness::{Failure, Outcome, board, check, equal, hex, pause, worker};
use crate::pf::touch;

/// Where there is room for any number of pages.
pub(super) const FAR: u64 = 1 << 40;

/// Two agents of whom each has the test's 16 pages 2^`log2` / 16 times at [`FAR`], half of them from the other.
#[track_caller]
pub(super) fn crowd(log2: u32) -> Result<[Agent; 2], Failure> {
    let pair: [Agent; 2] = agents()?;
    for index in 0..16 {
        touch::page(index, 0x50 + index);
    }
    let source = Fpage::new(touch::pages(), 16, Rights::READ_WRITE);
    give(pair[0], item(MAP, FAR, source))?;
    give(pair[1], item(MAP, FAR, source))?;
    for half in 16..12 + log2 {
        let own = Fpage::new(FAR, half, Rights::READ_WRITE);
        let [first, second] = pair;
        let other = item(MAP, FAR + (1 << half), own);
        if half % 2 == 0 {
            first.give(second, other)?;
            second.give(first, other)?;
        } else {
            second.give(first, other)?;
            first.give(second, other)?;
        }
    }
    Ok(pair)
}

const ARMED: usize = 200;
static LEAST: AtomicU64 = AtomicU64::new(0);

/// Wakes up again and again, and looks how much memory the kernel has got back so far.
fn watch(_: u64) {
    loop {
        pause(100);
        let free = control::free_frames().unwrap_or(0);
        if board::get(ARMED) != 0 && free > board::get(ARMED) {
            LEAST.fetch_min(free, SeqCst);
        }
    }
}

/// Takes all pages from everyone, below the watcher; the accesses.
fn take(source: u64) -> u64 {
    u64::from(memory::unmap(Fpage::new(source, 16, Rights::FULL)).bits())
}

/// A thread that is more urgent than the one that unmaps sees that half is done.
pub(super) fn unmap_is_preempted() -> Outcome {
    worker::start(worker::here().priority(150), watch, 0)?;
    for log2 in [12, 12, 13, 13, 14, 14, 15] {
        let pair = crowd(log2)?;
        LEAST.store(u64::MAX, SeqCst);
        let before = control::free_frames().unwrap_or(0);
        board::put(ARMED, before);
        worker::perform(worker::here(), take, touch::pages())?;
        board::put(ARMED, 0);
        let after = control::free_frames().unwrap_or(0);
        for agent in pair {
            agent.has_lost(FAR)?;
            agent.has_lost(FAR + (1 << (12 + log2 - 1)))?;
            thread::delete(agent.0)?;
        }
        if LEAST.load(SeqCst) < after {
            return Ok(());
        }
    }
    check("a more urgent thread ran in the middle", false)
}

/// A page with thousands of descendants is replaced: all of them go with it, and nothing else.
pub(super) fn replaced_with_all_below() -> Outcome {
    let [first, second] = crowd(11)?;
    let [third] = agents()?;
    give(third, item(MAP, FAR, small(touch::pages(), Rights::READ)))?;
    let other = touch::page(14, 0x99);
    let before = control::free_frames().unwrap_or(0);
    // The first sixteenth of all pages derives from this one.
    give(first, item(MAP, FAR, small(other, Rights::READ)))?;
    check(
        "memory came back",
        control::free_frames().unwrap_or(0) >= before,
    )?;
    first.has(FAR, 0x99)?;
    second.has_lost(FAR + 0x10000)?;
    second.has(FAR + 0x1_1000, 0x51)?;
    second.has(FAR, 0x50)?;
    third.has(FAR, 0x50)
}

/// A page with many descendants is granted with fewer rights: none keeps more.
pub(super) fn granted_with_fewer_rights() -> Outcome {
    let [first, second] = crowd(14)?;
    let [third] = agents()?;
    second.writes(FAR + 0x10000, 0x61)?;
    first.give(third, item(GRANT, FAR, small(FAR, Rights::READ)))?;
    third.has(FAR, 0x61)?;
    for log2 in 16..26 {
        second.has(FAR + (1 << log2), 0x61)?;
        second.faults_writing(FAR + (1 << log2), touch::page(14, 0), 0x62)?;
    }
    second.writes(FAR, 0x63)?;
    hex("the page", touch::read(touch::pages()), 0x63)
}

/// Accesses through any of thousands of descendants are told once, to each in the way up.
pub(super) fn accesses_of_many() -> Outcome {
    let all = Fpage::new(touch::pages(), 16, Rights::NONE);
    let [first, second] = crowd(11)?;
    memory::unmap(all);
    let asked = |agent: Agent| agent.unmap(Fpage::new(FAR, 30, Rights::NONE));
    asked(first)?;
    asked(second)?;
    memory::unmap(all);
    equal("before", u64::from(memory::unmap(all).bits()), 0)?;
    second.writes(FAR + (1 << 22) + 0x3000, 1)?;
    equal("told to the giver", asked(first)?, 7)?;
    equal("again", asked(first)?, 0)?;
    equal("told to the test", u64::from(memory::unmap(all).bits()), 7)?;
    equal("again", u64::from(memory::unmap(all).bits()), 0)
}
