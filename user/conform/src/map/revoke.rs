//! Pages and rights are taken from whoever got them.

use l4::{Rights, memory};

use super::agent::{Agent, MAP, PLACE, agents, give, item, small};
use crate::harness::{Failure, Outcome, equal, raw};
use crate::pf::touch;

/// Page 0 of the test goes to the first, from there to the second, and so on, each at an address of its own.
#[track_caller]
pub(super) fn chain<const N: usize>(rights: Rights) -> Result<[(Agent, u64); N], Failure> {
    let agents = agents::<N>()?;
    let chain = core::array::from_fn(|index| (agents[index], PLACE + 0x3000 * index as u64));
    let source = touch::page(0, 0x77);
    let mut before: Option<(Agent, u64)> = None;
    for (agent, address) in chain {
        match before {
            None => give(agent, item(MAP, address, small(source, rights)))?,
            Some((giver, from)) => giver.give(agent, item(MAP, address, small(from, rights)))?,
        }
        before = Some((agent, address));
    }
    Ok(chain)
}

pub(super) fn everyone_below_loses() -> Outcome {
    let chain = chain::<3>(Rights::READ)?;
    for (agent, address) in chain {
        agent.has(address, 0x77)?;
    }
    memory::unmap(small(touch::pages(), Rights::FULL));
    for (agent, address) in chain {
        agent.has_lost(address)?;
    }
    equal("the own page", touch::read(touch::pages()), 0x77)
}

pub(super) fn unmap_keeps_the_own_page() -> Outcome {
    let [first, (middle, place), last] = chain::<3>(Rights::READ)?;
    middle.unmap(small(place, Rights::FULL))?;
    first.0.has(first.1, 0x77)?;
    middle.has(place, 0x77)?;
    last.0.has_lost(last.1)
}

pub(super) fn flush_takes_the_own_page() -> Outcome {
    let [first, (middle, place), last] = chain::<3>(Rights::READ)?;
    middle.flush(small(place, Rights::FULL))?;
    first.0.has(first.1, 0x77)?;
    middle.has_lost(place)?;
    last.0.has_lost(last.1)
}

pub(super) fn right_to_write() -> Outcome {
    let source = touch::pages();
    let chain = chain::<2>(Rights::READ_WRITE)?;
    for (agent, address) in chain {
        agent.writes(address, 0x88)?;
    }
    memory::unmap(small(source, Rights::READ));
    chain[1].0.writes(chain[1].1, 0x89)?;
    memory::unmap(small(source, Rights::WRITE));
    for (agent, address) in chain {
        agent.has(address, 0x89)?;
    }
    // The giver has lost the right, too: it cannot give it.
    let [(giver, from), (agent, address)] = chain;
    giver.give(agent, item(MAP, address, small(from, Rights::FULL)))?;
    agent.faults_writing(address, source, 0x90)?;
    touch::write(source, 0x91);
    giver.has(from, 0x91)
}

pub(super) fn right_to_execute() -> Outcome {
    let code = touch::execute as *const () as u64 & !0xFFF;
    let [first, second] = agents()?;
    give(first, item(MAP, PLACE, small(code, Rights::READ_EXECUTE)))?;
    first.give(second, item(MAP, PLACE, small(PLACE, Rights::READ_EXECUTE)))?;
    // An instruction that returns at once.
    let offset = (0..4096).find(|offset| touch::read(code + offset) & 0xFF == 0xC3);
    let Some(offset) = offset else {
        return Err(Failure::new(format_args!("no function ends in the page")));
    };
    equal("faults", second.executes(PLACE, PLACE + offset, code)?, 0)?;
    first.unmap(small(PLACE, Rights::EXECUTE))?;
    equal(
        "faults of the giver",
        first.executes(PLACE, PLACE + offset, code)?,
        0,
    )?;
    equal("faults", second.executes(PLACE, PLACE + offset, code)?, 1)
}

pub(super) fn end_of_a_space() -> Outcome {
    let [first, middle, last] = chain::<3>(Rights::READ)?;
    equal("deletion", raw::delete(middle.0.0), raw::DONE)?;
    first.0.has(first.1, 0x77)?;
    last.0.has_lost(last.1)
}

pub(super) fn other_page_replaces() -> Outcome {
    let [first, middle, last] = chain::<3>(Rights::READ)?;
    let other = touch::page(1, 0x99);
    give(middle.0, item(MAP, middle.1, small(other, Rights::READ)))?;
    middle.0.has(middle.1, 0x99)?;
    last.0.has_lost(last.1)?;
    first.0.has(first.1, 0x77)?;
    // What replaced it derives from elsewhere.
    first.0.unmap(small(first.1, Rights::FULL))?;
    middle.0.has(middle.1, 0x99)?;
    memory::unmap(small(other, Rights::FULL));
    middle.0.has_lost(middle.1)
}

pub(super) fn more_rights_keep_what_derives() -> Outcome {
    let source = touch::pages();
    let [first, last] = chain::<2>(Rights::READ)?;
    give(
        first.0,
        item(MAP, first.1, small(source, Rights::READ_WRITE)),
    )?;
    first.0.writes(first.1, 0x78)?;
    last.0.has(last.1, 0x78)?;
    // The same with fewer rights changes nothing.
    give(first.0, item(MAP, first.1, small(source, Rights::READ)))?;
    first.0.writes(first.1, 0x79)?;
    first.0.unmap(small(first.1, Rights::FULL))?;
    last.0.has_lost(last.1)
}
