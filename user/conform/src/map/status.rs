//! Unmap tells what was done with a page, once.

use l4::{Rights, memory};

use super::agent::small;
use super::revoke::chain;
use crate::harness::{Outcome, equal};
use crate::pf::touch;

const NOTHING: u64 = 0;
const READ: u64 = 5;
const WRITTEN: u64 = 7;

fn of_own_page() -> u64 {
    u64::from(memory::unmap(small(touch::pages(), Rights::NONE)).bits())
}

pub(super) fn accesses_are_reported_once() -> Outcome {
    let [(agent, address)] = chain::<1>(Rights::READ_WRITE)?;
    // Spaces that ended have left what they did.
    of_own_page();
    equal("before", of_own_page(), NOTHING)?;
    agent.has(address, 0x77)?;
    equal("after reading", of_own_page(), READ)?;
    equal("again", of_own_page(), NOTHING)?;
    agent.writes(address, 1)?;
    equal("after writing", of_own_page(), WRITTEN)?;
    equal("again", of_own_page(), NOTHING)?;
    touch::write(touch::pages(), 0x77);
    equal("the own accesses are not meant", of_own_page(), NOTHING)?;
    agent.has(address, 0x77)?;
    let own = agent.flush(small(address, Rights::NONE))?;
    equal("of the page itself", own, READ)?;
    agent.has(address, 0x77)
}

pub(super) fn accesses_go_up() -> Outcome {
    let [(first, place), _, (last, at)] = chain::<3>(Rights::READ_WRITE)?;
    last.writes(at, 1)?;
    equal(
        "told to the first",
        first.unmap(small(place, Rights::NONE))?,
        WRITTEN,
    )?;
    equal("again", first.unmap(small(place, Rights::NONE))?, NOTHING)?;
    equal("told to the test", of_own_page(), WRITTEN)?;
    equal("again", of_own_page(), NOTHING)
}

pub(super) fn accesses_of_a_lost_page() -> Outcome {
    let [(first, place), (last, at)] = chain::<2>(Rights::READ_WRITE)?;
    last.writes(at, 1)?;
    equal("flushed", last.flush(small(at, Rights::FULL))?, WRITTEN)?;
    last.has_lost(at)?;
    equal(
        "told to the giver",
        first.unmap(small(place, Rights::FULL))?,
        WRITTEN,
    )?;
    equal("told to the test", of_own_page(), WRITTEN)?;
    equal("again", of_own_page(), NOTHING)
}
