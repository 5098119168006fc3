//! Handlers and interrupts on different CPUs.

use l4::abi::schedule::ThreadState::Inactive;
use l4::hpet::{Hpet, Trigger};
use l4::{Tag, ThreadId, Time, interrupt, schedule, thread};

use super::device::{EDGE, LEVEL, comes, count_edges, edge, hpet, level};
use super::life::is_dead_but_can_be_revived;
use crate::harness::regular::Random;
use crate::harness::{Failure, Job, Outcome, board, check, equal, pause, until, worker};

/// Interrupts once, and waits until the handler has it.
#[track_caller]
fn one_more(hpet: Hpet) -> Outcome {
    let before = board::get(0);
    edge(hpet);
    until("the handler gets it", || board::get(0) == before + 1)
}

fn handler_on(cpu: usize) -> Result<ThreadId, Failure> {
    let handler = worker::start(worker::here().cpu(cpu), count_edges, 0)?;
    interrupt::associate(EDGE, handler)?;
    board::put(4, handler.raw());
    Ok(handler)
}

/// The interrupt goes to the CPU of the handler, not to that of who associates.
pub(super) fn handler_elsewhere() -> Outcome {
    let hpet = hpet()?;
    handler_on(1)?;
    for _ in 0..5 {
        one_more(hpet)?;
    }
    equal("handled on CPU", board::get(2), 1)?;
    equal("messages from another CPU", board::get(1), 0)
}

/// It follows its handler.
pub(super) fn handler_moves() -> Outcome {
    let hpet = hpet()?;
    let handler = handler_on(1)?;
    for cpu in [0, 1, 1, 0, 0, 1] {
        schedule::set_cpu(handler, cpu)?;
        one_more(hpet)?;
        one_more(hpet)?;
        equal("handled on CPU", board::get(2), cpu as u64)?;
    }
    equal("messages from another CPU", board::get(1), 0)
}

/// Schedule moves it away from its handler; that sees where its messages come from.
pub(super) fn interrupt_moves() -> Outcome {
    let hpet = hpet()?;
    let irq = interrupt::thread(LEVEL);
    interrupt::associate(LEVEL, thread::myself())?;
    for cpu in [1, 0, 1, 1, 0] {
        let flags = if cpu == 0 { 0 } else { Tag::CROSS_CPU };
        equal("state", schedule::set_cpu(irq, cpu), Ok(Inactive))?;
        for from in [irq, ThreadId::ANY] {
            level(hpet);
            comes(from, LEVEL, flags)?;
            hpet.clear(1);
            Job::send(irq).within(Time::NEVER, Time::NEVER).now().ok()?;
        }
        // Also in the middle of a message.
        level(hpet);
        comes(irq, LEVEL, flags)?;
        hpet.clear(1);
        schedule::set_cpu(irq, 1 - cpu)?;
        interrupt::acknowledge(LEVEL)?;
    }
    Ok(())
}

/// A handler that never stands still loses nothing.
pub(super) fn to_and_fro_under_fire() -> Outcome {
    let hpet = hpet()?;
    let handler = handler_on(0)?;
    let irq = interrupt::thread(EDGE);
    let mut random = Random::new(17);
    for round in 0..200 {
        hpet.shoot(0, EDGE, Trigger::Edge, 100 + random.below(2_000));
        for _ in 0..3 {
            schedule::set_cpu(handler, random.below(2) as usize)?;
            if round % 4 == 0 {
                schedule::set_cpu(irq, random.below(2) as usize)?;
            }
            pause(random.below(1_000));
        }
        until("the handler gets it", || board::get(0) == round + 1)?;
    }
    equal("failures", board::get(3), 0)
}

pub(super) fn handler_elsewhere_deleted() -> Outcome {
    let hpet = hpet()?;
    for _ in 0..5 {
        let handler = handler_on(1)?;
        one_more(hpet)?;
        thread::delete(handler)?;
        is_dead_but_can_be_revived(EDGE)?;
        // While the interrupt is somewhere else than its handler.
        let handler = handler_on(1)?;
        one_more(hpet)?;
        schedule::set_cpu(interrupt::thread(EDGE), 0)?;
        one_more(hpet)?;
        equal("messages from another CPU", board::get(1), 1)?;
        thread::delete(handler)?;
        is_dead_but_can_be_revived(EDGE)?;
        board::put(1, 0);
    }
    Ok(())
}

/// Associates with itself and gives up, again and again.
fn compete(index: u64) {
    while board::get(10) == 0 {
        let done = interrupt::associate(LEVEL, thread::myself()).is_ok();
        board::add(11, u64::from(!done));
        let irq = interrupt::thread(LEVEL);
        let got = Job::receive(irq)
            .within(Time::ZERO, Time::period(2_000))
            .now();
        board::add(20 + index as usize, u64::from(got.ok().is_ok()));
    }
    board::add(12, 1);
}

/// Two threads on two CPUs take a line from each other while it interrupts all the time.
pub(super) fn association_from_all_sides() -> Outcome {
    let hpet = hpet()?;
    for cpu in 0..2 {
        worker::start(worker::here().cpu(cpu), compete, cpu as u64)?;
    }
    hpet.shoot(1, LEVEL, Trigger::Level, 100);
    until("both get some", || board::get(20) > 2 && board::get(21) > 2)?;
    board::put(10, 1);
    until("both end", || board::get(12) == 2)?;
    equal("failed associations", board::get(11), 0)?;
    hpet.stop(1);
    check(
        "the line can be freed",
        interrupt::dissociate(LEVEL).is_ok(),
    )
}
