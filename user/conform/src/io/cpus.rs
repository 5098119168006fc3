//! Who runs when and where: a processor lets a thread use the ports of its own space and no others.

use l4::{IoFpage, ThreadId, port, schedule};

use super::agent::{Agent, MAP, NOTHING, SCRATCH, agents, give, one, open, read, start, write};
use crate::harness::failure::at_most;
use crate::harness::pager::COUNT;
use crate::harness::{Outcome, board, check, equal, hex, raw, until, worker};

/// Two spaces with different ports, in turn, and one with none.
pub(super) fn spaces_take_turns() -> Outcome {
    let [first, second, third] = agents()?;
    let (a, b) = (NOTHING + 0x80, NOTHING + 0x81);
    give(first, MAP, one(a))?;
    give(second, MAP, one(b))?;
    for _ in 0..10 {
        first.has(&[a])?;
        second.lacks(&[a])?;
        second.has(&[b])?;
        // What the processor knew of the first it has forgotten.
        second.lacks(&[a])?;
        third.lacks(&[a, b])?;
        first.lacks(&[b])?;
        first.has(&[a, a])?;
        read(a);
        third.lacks(&[a])?;
    }
    preempted(a, b)
}

/// Reads a port for ever, and counts in a word of the board.
fn read_for_ever(port: u64) {
    loop {
        read(port as u16);
        board::add((port & 0xFF) as usize, 1);
    }
}

/// The same without messages: they lose the processor to each other while they read.
#[track_caller]
fn preempted(a: u16, b: u16) -> Outcome {
    let pager = open()?;
    let mut readers = [ThreadId::NIL; 2];
    for (port, reader) in [a, b].into_iter().zip(&mut readers) {
        let agent = start(worker::away().pager(pager))?;
        give(agent, MAP, one(port))?;
        let plan = worker::here().in_space_of(agent.0).pager(pager);
        *reader = worker::start(plan, read_for_ever, port.into())?;
    }
    let without = worker::start(worker::away().pager(pager), read_for_ever, a.into())?;
    let faults = board::get(COUNT);
    until("all read", || {
        let reads = [a, b].map(|port| board::get((port & 0xFF) as usize));
        reads[0] > 1000 && reads[1] > 1000 && board::get(COUNT) > faults + 10
    })?;
    equal(
        "who faults",
        board::get(crate::harness::pager::FROM),
        without.raw(),
    )?;
    for reader in readers {
        equal("deletion", raw::delete(reader), raw::DONE)?;
    }
    equal("deletion", raw::delete(without), raw::DONE)
}

/// Ports are the space's: all its threads have them, also those that come later.
pub(super) fn threads_share() -> Outcome {
    let [first] = agents()?;
    give(first, MAP, one(SCRATCH))?;
    write(SCRATCH, 0x42);
    let pager = open()?;
    let second = start(worker::here().in_space_of(first.0).pager(pager))?;
    hex("what it reads", second.reads(SCRATCH)?, 0x42)?;
    hex("what it reads", first.reads(SCRATCH)?, 0x42)?;
    second.flush(one(SCRATCH))?;
    first.lacks(&[SCRATCH])?;
    second.lacks(&[SCRATCH])
}

/// When Unmap returns, the other processor has read for the last time.
pub(super) fn lost_at_once() -> Outcome {
    let pager = open()?;
    let port = NOTHING + 0x90;
    let agent = start(worker::away().cpu(1).pager(pager))?;
    let plan = worker::here().in_space_of(agent.0).cpu(1).pager(pager);
    worker::start(plan, count_reads, port.into())?;
    for round in 0..100 {
        let faults = board::get(COUNT);
        give(agent, MAP, one(port))?;
        let then = board::get(0);
        until("it reads", || board::get(0) > then + 3)?;
        match round % 3 {
            0 => port::unmap(one(port)),
            1 => agent.flush(one(port))?,
            _ => port::unmap(IoFpage::COMPLETE),
        }
        // One that was over before the end it may not have counted yet.
        let last = board::get(1) + 1;
        until("the fault", || board::get(COUNT) > faults)?;
        at_most("reads after the end", board::get(1), last)?;
    }
    Ok(())
}

/// Reads for ever: counts in word 0 how often it began, in word 1 how often it got something without a fault.
fn count_reads(port: u64) {
    loop {
        board::add(0, 1);
        let faults = board::get(COUNT);
        read(port as u16);
        // The pager counts before it lets the thread go on.
        if board::get(COUNT) == faults {
            board::add(1, 1);
        }
    }
}

/// A thread that moves takes its space's ports along, and leaves none behind.
pub(super) fn moves_along() -> Outcome {
    let [first, other] = agents()?;
    let beside = start(worker::away().cpu(1).pager(open()?))?;
    let port = NOTHING + 0xA0;
    give(first, MAP, one(port))?;
    for round in 0..20 {
        first.has(&[port])?;
        let there = schedule::set_cpu(first.0, (round + 1) % 2);
        check("it moves", there.is_ok())?;
        first.has(&[port])?;
        other.lacks(&[port])?;
        beside.lacks(&[port])?;
    }
    // One space on both processors.
    let plan = worker::here().in_space_of(first.0).pager(open()?);
    let here = start(plan)?;
    let there = start(plan.id(crate::harness::ids::fresh()).cpu(1))?;
    for _ in 0..10 {
        here.has(&[port])?;
        there.has(&[port])?;
    }
    here.flush(one(port))?;
    there.lacks(&[port])?;
    here.lacks(&[port])
}

/// Maps ports to and fro and takes them again; counts on the board.
fn churn(slot: u64) {
    let ports = IoFpage::new(NOTHING + 0xC0, 4);
    for round in 0u16.. {
        read(NOTHING + 0xC0 + round % 16);
        port::unmap(IoFpage::new(NOTHING + 0xC0 + round % 16, 0));
        if round % 16 == 15 {
            port::flush(ports);
        }
        board::add(slot as usize, 1);
    }
}

/// Two processors take ports from each other's spaces at the same time, and a third party from both.
pub(super) fn both_at_once() -> Outcome {
    let pager = open()?;
    let all = IoFpage::new(NOTHING + 0xC0, 4);
    crate::harness::pager::order_item(l4::MapItem {
        send_base: 0,
        fpage: all.fpage(),
    });
    board::put(crate::harness::pager::SKIP, 0);
    let mut churners = [ThreadId::NIL; 4];
    for (index, churner) in churners.iter_mut().enumerate() {
        let plan = worker::away().cpu(index % 2).pager(pager);
        *churner = worker::start(plan, churn, 100 + index as u64)?;
    }
    for round in 0..50 {
        port::unmap(if round % 2 == 0 {
            all
        } else {
            one(NOTHING + 0xC5)
        });
        crate::harness::pause(2000);
    }
    for slot in 100..104 {
        until("everyone gets on", || board::get(slot) > 20)?;
    }
    for churner in churners {
        equal("deletion", raw::delete(churner), raw::DONE)?;
    }
    last_word(start(worker::away().pager(pager))?)
}

#[track_caller]
fn last_word(survivor: Agent) -> Outcome {
    board::put(crate::harness::pager::SKIP, 1);
    // The pager may still have the last fault of one that is gone; that comes before this one.
    survivor.tries(NOTHING + 0xC5)?;
    survivor.lacks(&[NOTHING + 0xC5])?;
    give(survivor, MAP, one(NOTHING + 0xC5))?;
    survivor.has(&[NOTHING + 0xC5])
}
