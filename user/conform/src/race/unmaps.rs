//! Pages that are taken away, between the tables and the CPUs that remember them.

use l4::control::Point;
use l4::{Fpage, Rights, memory};

use super::{hold, let_pass, on_1, on_2, release, until_held};
use crate::harness::gate::Gate;
use crate::harness::pager::{self, COUNT, WINDOW};
use crate::harness::{Outcome, board, equal, raw, until, worker};
use crate::map::agent::{self, MAP, PLACE, give, item, small};
use crate::pf::touch;

/// Takes a page of its own space away when the gate opens.
fn flush_at_gate(index: u64) {
    let page = WINDOW + 0x1000 * index;
    touch::read(page);
    // The code must be there: a held CPU does not drop what a new page replaces.
    // SAFETY: this takes nothing away.
    unsafe { memory::flush(Fpage::NIL) };
    Gate::of(index).pass();
    // SAFETY: nothing uses the page.
    unsafe { memory::flush(small(page, Rights::FULL)) };
    board::add(0, 1);
}

/// Two CPUs of one space, each with a page that the other may remember, take theirs away and look at each other at the same
/// moment: neither waits for ever.
pub(super) fn two_at_once() -> Outcome {
    let pager = pager::start()?;
    for round in 1..=3 {
        let (one, two) = (Gate::shut(0), Gate::shut(1));
        let faults = board::get(COUNT);
        pager::order(WINDOW, touch::page(0, 1), Rights::READ);
        let plan = worker::away().cpu(1).pager(pager);
        let space = worker::start(plan, flush_at_gate, 0)?;
        one.until_there()?;
        pager::order(WINDOW + 0x1000, touch::page(1, 2), Rights::READ);
        let plan = on_2().in_space_of(space).pager(pager);
        worker::start(plan, flush_at_gate, 1)?;
        two.until_there()?;
        equal("faults at the pages", board::get(COUNT) - faults >= 2, true)?;
        hold(1, Point::Unmapped);
        hold(2, Point::Unmapped);
        one.open();
        two.open();
        until_held(1)?;
        until_held(2)?;
        release(1);
        release(2);
        until("both are done", || board::get(0) == 2 * round)?;
    }
    Ok(())
}

/// Takes the test's page away from everybody else when the gate opens.
fn unmap_at_gate(_: u64) {
    Gate::of(0).pass();
    memory::unmap(small(touch::pages(), Rights::FULL));
    board::add(0, 1);
}

/// A CPU comes back to a space from which a page was taken, before who took it has looked which CPUs are there: it sees the
/// tables as they are.
pub(super) fn between_tables_and_look() -> Outcome {
    let pager = pager::start()?;
    let agent = agent::start(worker::away().cpu(1).pager(pager))?;
    let page = touch::page(0, 0x44);
    for round in 1..=3 {
        give(agent, item(MAP, PLACE, small(page, Rights::READ)))?;
        agent.has(PLACE, 0x44)?;
        let gate = Gate::shut(0);
        worker::start(on_2(), unmap_at_gate, 0)?;
        gate.until_there()?;
        hold(2, Point::Unmapped);
        gate.open();
        until_held(2)?;
        // Somebody else runs there in between.
        equal("another", worker::perform(on_1(), |_| 5, 0)?, 5)?;
        agent.has_lost(PLACE)?;
        equal("done too early", board::get(0), round - 1)?;
        release(2);
        until("it is done", || board::get(0) == round)?;
        let_pass();
    }
    Ok(())
}

/// Board words: what the one on the other CPU sees, and what the one who comes later does.
const OTHER_SEES: usize = 40;
const SEES: usize = 41;

/// Sees the page of the window, for ever.
fn look(_: u64) {
    loop {
        board::put(OTHER_SEES, touch::read(WINDOW));
    }
}

/// Looks at it once when the gate opens.
fn look_at_gate(_: u64) {
    // What it runs later must be there: nothing comes while the round is under way.
    touch::read(look_at_gate as *const () as u64);
    Gate::of(1).pass();
    board::put(SEES, touch::read(WINDOW));
}

/// A pager answers a fault where a page was taken away, while another CPU of the space may see that one still: nobody sees the new
/// page before the old one is gone everywhere.
pub(super) fn filled_too_early() -> Outcome {
    const OLD: u64 = 0x01d;
    for new in 0x101..0x104 {
        let pager = pager::start()?;
        board::put(OTHER_SEES, 0);
        board::put(SEES, 0);
        pager::order(WINDOW, touch::page(0, OLD), Rights::READ);
        let other = worker::start(worker::away().cpu(1).pager(pager), look, 0)?;
        until("the old page", || board::get(OTHER_SEES) == OLD)?;
        let late = Gate::shut(1);
        let plan = worker::here().in_space_of(other).pager(pager);
        worker::start(plan, look_at_gate, 0)?;
        late.until_there()?;
        let taker = Gate::shut(0);
        let done = board::get(0);
        worker::start(on_2(), unmap_at_gate, 0)?;
        taker.until_there()?;
        hold(1, Point::Control);
        taker.open();
        until_held(1)?;
        let faults = board::get(COUNT);
        pager::order(WINDOW, touch::page(1, new), Rights::READ);
        late.open();
        until("a fault there", || board::get(COUNT) > faults)?;
        let_pass();
        equal("seen too early", board::get(SEES), 0)?;
        equal("done too early", board::get(0), done)?;
        release(1);
        until("it is done", || board::get(0) == done + 1)?;
        until("the new page", || board::get(SEES) == new)?;
        until("it is there, too", || board::get(OTHER_SEES) == new)?;
        equal("deletion", raw::delete(other), raw::DONE)?;
    }
    Ok(())
}
