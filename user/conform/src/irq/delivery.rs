//! Messages of interrupts, and their answers.

use l4::abi::schedule::ThreadState::PendingSend;
use l4::hpet::Trigger;
use l4::{Message, ThreadId, Time, interrupt, ipc, thread};

use super::device::{
    EDGE, LEVEL, OTHER, SHORTLY, comes, edge, hpet, is_from, level, nothing_comes, other,
};
use crate::harness::{A_WHILE, Job, Outcome, SOON, equal, worker};

/// The handler waits already.
pub(super) fn closed_wait() -> Outcome {
    let hpet = hpet()?;
    let me = thread::myself();
    interrupt::associate(EDGE, me)?;
    interrupt::associate(LEVEL, me)?;
    for _ in 0..10 {
        edge(hpet);
        comes(interrupt::thread(EDGE), EDGE, 0)?;
        interrupt::acknowledge(EDGE)?;
        level(hpet);
        comes(interrupt::thread(LEVEL), LEVEL, 0)?;
        hpet.clear(1);
        interrupt::acknowledge(LEVEL)?;
    }
    nothing_comes()
}

/// As servers do: reply to whoever sent, and wait for anyone.
pub(super) fn open_wait_and_reply() -> Outcome {
    let hpet = hpet()?;
    interrupt::associate(LEVEL, thread::myself())?;
    level(hpet);
    comes(ThreadId::ANY, LEVEL, 0)?;
    for _ in 0..10 {
        level(hpet);
        is_from(
            Job::new(interrupt::thread(LEVEL), ThreadId::ANY).words(7, 5, 1),
            LEVEL,
            0,
        )?;
    }
    level(hpet);
    let received = ipc::reply_wait(interrupt::thread(LEVEL), &Message::new(0))?;
    equal("line", interrupt::line(&received), Some(LEVEL))
}

/// A device that is not served interrupts again, but only when the handler has answered.
pub(super) fn level_is_masked_until_the_answer() -> Outcome {
    let hpet = hpet()?;
    interrupt::associate(LEVEL, thread::myself())?;
    level(hpet);
    comes(ThreadId::ANY, LEVEL, 0)?;
    for _ in 0..5 {
        nothing_comes()?;
        interrupt::acknowledge(LEVEL)?;
        comes(ThreadId::ANY, LEVEL, 0)?;
    }
    hpet.clear(1);
    interrupt::acknowledge(LEVEL)?;
    nothing_comes()
}

/// Edges that come before the answer are one message after it.
pub(super) fn edges_before_the_answer() -> Outcome {
    let hpet = hpet()?;
    interrupt::associate(EDGE, thread::myself())?;
    edge(hpet);
    comes(ThreadId::ANY, EDGE, 0)?;
    for _ in 0..5 {
        edge(hpet);
        nothing_comes()?;
        interrupt::acknowledge(EDGE)?;
        comes(ThreadId::ANY, EDGE, 0)?;
        nothing_comes()?;
    }
    interrupt::acknowledge(EDGE)?;
    nothing_comes()?;
    edge(hpet);
    comes(ThreadId::ANY, EDGE, 0)
}

/// One handler, three lines, one open wait; each is answered on its own.
pub(super) fn several_lines() -> Outcome {
    let hpet = hpet()?;
    let me = thread::myself();
    for line in [EDGE, LEVEL, OTHER] {
        interrupt::associate(line, me)?;
    }
    for (first, second, third) in [(0, 1, 2), (2, 1, 0), (1, 2, 0)] {
        let lines = [EDGE, LEVEL, OTHER];
        let shoot = |timer: usize, order: u64| {
            let trigger = if timer == 0 {
                Trigger::Edge
            } else {
                Trigger::Level
            };
            hpet.shoot(timer, lines[timer], trigger, order * SHORTLY);
        };
        shoot(first, 1);
        shoot(second, 2);
        shoot(third, 3);
        // A host that is busy may let them expire at once, in any order.
        let mut came = [0; 3];
        for _ in lines {
            let got = Job::receive(ThreadId::ANY).within(SOON, SOON).now();
            got.ok()?;
            let from = lines.map(|line| u32::from(interrupt::thread(line) == got.from));
            for (count, is_it) in came.iter_mut().zip(from) {
                *count += is_it;
            }
        }
        equal("messages of each", came, [1; 3])?;
        for timer in [third, first, second] {
            hpet.stop(timer);
            interrupt::acknowledge(lines[timer])?;
        }
    }
    // A closed wait leaves the others queued.
    level(hpet);
    other(hpet);
    comes(interrupt::thread(OTHER), OTHER, 0)?;
    comes(interrupt::thread(LEVEL), LEVEL, 0)?;
    nothing_comes()
}

/// Senders and interrupts get their turn in the order in which they came.
pub(super) fn queues_like_a_sender() -> Outcome {
    let hpet = hpet()?;
    let me = thread::myself();
    interrupt::associate(LEVEL, me)?;
    interrupt::associate(OTHER, me)?;
    let (level_irq, other_irq) = (interrupt::thread(LEVEL), interrupt::thread(OTHER));
    let first = Job::send(me).words(1, 1, 1).start(worker::here())?;
    worker::until_state(first.id, PendingSend)?;
    level(hpet);
    worker::until_state(level_irq, PendingSend)?;
    let second = Job::send(me).words(2, 1, 1).start(worker::here())?;
    worker::until_state(second.id, PendingSend)?;
    other(hpet);
    worker::until_state(other_irq, PendingSend)?;
    let take = |label| {
        let got = Job::receive(ThreadId::ANY).within(Time::ZERO, Time::ZERO);
        got.now().carries(label, 1, 1, 0)
    };
    take(1)?;
    comes(ThreadId::ANY, LEVEL, 0)?;
    take(2)?;
    comes(ThreadId::ANY, OTHER, 0)?;
    nothing_comes()
}

/// Others' messages are no answers; an answer too many has no effect.
pub(super) fn answers_that_are_none() -> Outcome {
    let hpet = hpet()?;
    let irq = interrupt::thread(LEVEL);
    interrupt::associate(LEVEL, thread::myself())?;
    for _ in 0..3 {
        interrupt::acknowledge(LEVEL)?;
    }
    level(hpet);
    comes(irq, LEVEL, 0)?;
    for time in [Time::ZERO, A_WHILE] {
        let stranger = Job::send(irq).within(time, time).start(worker::here())?;
        let tag = u64::from(stranger.result()?.tag().raw() != 0);
        equal("it fails", tag, 1)?;
        equal("ErrorCode", stranger.result()?.error, 2)?;
    }
    nothing_comes()?;
    hpet.clear(1);
    interrupt::acknowledge(LEVEL)?;
    interrupt::acknowledge(LEVEL)?;
    level(hpet);
    comes(irq, LEVEL, 0)
}

/// None gets lost in a long row.
pub(super) fn many() -> Outcome {
    let hpet = hpet()?;
    let irq = interrupt::thread(LEVEL);
    interrupt::associate(LEVEL, thread::myself())?;
    hpet.shoot(1, LEVEL, Trigger::Level, 100);
    comes(irq, LEVEL, 0)?;
    for round in 0..500 {
        hpet.shoot(1, LEVEL, Trigger::Level, 20 + round % 50);
        is_from(Job::call(irq), LEVEL, 0)?;
    }
    Ok(())
}

/// A time that has come before the device is told of it is not lost.
pub(super) fn at_once() -> Outcome {
    let hpet = hpet()?;
    let irq = interrupt::thread(LEVEL);
    interrupt::associate(LEVEL, thread::myself())?;
    for _ in 0..20 {
        hpet.shoot(1, LEVEL, Trigger::Level, 0);
        comes(irq, LEVEL, 0)?;
        hpet.stop(1);
        interrupt::acknowledge(LEVEL)?;
    }
    nothing_comes()
}
