//! ThreadSwitch.

mod donation;

use l4::{ThreadId, Time, ipc, schedule, syscall, thread};

use crate::harness::regular::spin;
use crate::harness::{Outcome, Test, board, equal, ids, pause, until, worker};

pub(crate) const TESTS: &[Test] = &[
    Test::new("TS0001", yield_takes_turns),
    Test::new("TS0002", donation),
    Test::new("TS0003", oneself),
    Test::new("TS0004", nonsense),
    Test::new("TS0005", yield_is_not_for_the_lower),
    Test::new("TS0006", donation_to_a_lower_priority),
    Test::new("TS0010", donation::the_rest_and_no_more).counting_ticks(),
    Test::new("TS0011", donation::own_slice_is_kept).counting_ticks(),
    Test::new("TS0012", donation::worth_what_it_was).counting_ticks(),
    Test::new("TS0013", donation::ends_when_blocked),
    Test::new("TS0014", donation::outranked).counting_ticks(),
    Test::new("TS0015", donation::passed_on).counting_ticks(),
    Test::smp("TS0016", donation::not_to_another_cpu),
];

/// Next free word of the log that threads write their numbers to, and the log.
const NEXT: usize = 0;
const LOG: usize = 10;

fn log(number: u64) {
    let next = board::add(NEXT, 1);
    board::put(LOG + next as usize, number);
}

fn log_and_yield(number: u64) {
    for _ in 0..20 {
        log(number);
        schedule::yield_now();
    }
    board::add(1, 1);
}

/// Threads without a time limit alternate exactly when they yield.
fn yield_takes_turns() -> Outcome {
    for number in 1..=3 {
        worker::start(worker::here().slice(Time::NEVER), log_and_yield, number)?;
    }
    until("all three are done", || board::get(1) == 3)?;
    for turn in 0..60 {
        equal(
            "whose turn it was",
            board::get(LOG + turn),
            turn as u64 % 3 + 1,
        )?;
    }
    Ok(())
}

fn donate(to: u64) {
    log(1);
    schedule::switch_to(ThreadId::from_raw(to));
    log(4);
}

/// The named thread runs next, not the one whose turn it is.
fn donation() -> Outcome {
    let third = ids::fresh();
    worker::start(worker::here().slice(Time::NEVER), donate, third.raw())?;
    worker::start(worker::here().slice(Time::NEVER), log, 3)?;
    worker::start(worker::away().id(third).cpu(0).slice(Time::NEVER), log, 2)?;
    // Who looks on from a higher priority interrupts them, and whoever ran by donation goes behind the others then.
    pause(1_000_000);
    until("all have run", || board::get(NEXT) == 4)?;
    equal("first", board::get(LOG), 1)?;
    equal("second", board::get(LOG + 1), 2)
}

fn switch_to_oneself(_: u64) {
    for _ in 0..100 {
        schedule::switch_to(thread::myself());
    }
    log(1);
}

fn oneself() -> Outcome {
    worker::start(worker::here().slice(Time::NEVER), switch_to_oneself, 0)?;
    worker::start(worker::here().slice(Time::NEVER), log, 2)?;
    until("both have run", || board::get(NEXT) == 2)?;
    equal("first", board::get(LOG), 1)
}

fn switch_to_nonsense(_: u64) {
    let waiting = board::get(2);
    let strange = [
        1,
        0x3F,
        u64::MAX,
        waiting,
        0xFFFF_FFFF_0000_0001,
        waiting ^ 0x4000_0000,
    ];
    for id in strange {
        syscall::thread_switch(id);
    }
    log(2);
}

/// What is not a ready thread here is as good as nil.
fn nonsense() -> Outcome {
    let waiting = worker::start(worker::away(), |_| ipc::park(), 0)?;
    worker::until_waiting(&[waiting])?;
    board::put(2, waiting.raw());
    worker::start(worker::here().slice(Time::NEVER), switch_to_nonsense, 0)?;
    worker::start(worker::here().slice(Time::NEVER), log, 1)?;
    until("both have run", || board::get(NEXT) == 2)?;
    equal("first", board::get(LOG), 1)
}

fn yield_often(_: u64) {
    for _ in 0..100 {
        schedule::yield_now();
    }
    board::put(1, board::get(0) + 1);
    spin(2);
}

fn yield_is_not_for_the_lower() -> Outcome {
    worker::start(worker::here().priority(120), yield_often, 0)?;
    worker::start(worker::here().priority(60), spin, 0)?;
    until("the yielding is done", || board::get(2) > 0)?;
    equal("count of the lower one, plus one", board::get(1), 1)
}

fn donate_and_spin(to: u64) {
    schedule::switch_to(ThreadId::from_raw(to));
    spin(2);
}

/// A donation reaches a thread of lower priority; at the latest it ends with the time slice.
fn donation_to_a_lower_priority() -> Outcome {
    let low = worker::start(worker::here().priority(60), spin, 0)?;
    worker::start(worker::here().priority(120), donate_and_spin, low.raw())?;
    until("the donor goes on", || board::get(2) > 0)?;
    let then = board::get(0);
    pause(20_000);
    equal("count of the lower one afterwards", board::get(0), then)
}
