//! Grant: the page moves.

use l4::{Fpage, Rights, memory};

use super::agent::{GRANT, MAP, PLACE, agents, give, item, small};
use super::revoke::chain;
use crate::harness::Outcome;
use crate::pf::touch;

pub(super) fn granted_page_moves() -> Outcome {
    let [(first, place)] = chain::<1>(Rights::READ_WRITE)?;
    let [second] = agents()?;
    let granted = small(place, Rights::READ_WRITE);
    first.give(second, item(GRANT, place + 0x9000, granted))?;
    second.has(place + 0x9000, 0x77)?;
    second.writes(place + 0x9000, 0x78)?;
    first.has_lost(place)?;
    // It is as if the test had given it to the second.
    memory::unmap(small(touch::pages(), Rights::FULL));
    second.has_lost(place + 0x9000)
}

pub(super) fn what_derives_moves_along() -> Outcome {
    let [(first, place), (second, at)] = chain::<2>(Rights::READ)?;
    let [third] = agents()?;
    first.give(third, item(GRANT, PLACE, small(place, Rights::READ)))?;
    first.has_lost(place)?;
    second.has(at, 0x77)?;
    third.unmap(small(PLACE, Rights::FULL))?;
    third.has(PLACE, 0x77)?;
    second.has_lost(at)
}

pub(super) fn fewer_rights() -> Outcome {
    let source = touch::pages();
    let [(first, place), (second, at)] = chain::<2>(Rights::READ_WRITE)?;
    let [third] = agents()?;
    second.writes(at, 0x79)?;
    first.give(third, item(GRANT, PLACE, small(place, Rights::READ)))?;
    third.has(PLACE, 0x79)?;
    second.has(at, 0x79)?;
    second.faults_writing(at, source, 0x80)?;
    third.faults_writing(PLACE, source, 0x81)
}

pub(super) fn more_than_the_window() -> Outcome {
    let [first, second] = agents()?;
    for index in 0..4 {
        touch::page(index, 0x40 + index);
    }
    let four = Fpage::new(touch::pages(), 14, Rights::READ);
    give(first, item(MAP, PLACE, four))?;
    first.has(PLACE + 0x3000, 0x43)?;
    let four = Fpage::new(PLACE, 14, Rights::READ);
    first.give(second, item(GRANT, PLACE + 0x8000, four))?;
    for index in 0..4 {
        second.has(PLACE + 0x8000 + 0x1000 * index, 0x40 + index)?;
        first.has_lost(PLACE + 0x1000 * index)?;
    }
    Ok(())
}
