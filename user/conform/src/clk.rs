//! SystemClock.

use l4::{Time, clock};

use crate::harness::failure::at_least;
use crate::harness::{Outcome, Test, check, micros_of, pause, worker};

pub(crate) const TESTS: &[Test] = &[
    Test::new("CLK0001", never_goes_back),
    Test::new("CLK0002", sleeps_are_not_short),
    Test::new("CLK0003", it_moves_while_one_runs),
    Test::new("CLK0004", same_clock_in_other_spaces),
    Test::smp("CLK0005", same_clock_on_other_cpus),
];

fn never_goes_back() -> Outcome {
    let mut last = clock::micros();
    for _ in 0..10_000 {
        let now = clock::micros();
        check("not before the last", now >= last)?;
        last = now;
    }
    Ok(())
}

fn sleeps_are_not_short() -> Outcome {
    for micros in [1, 999, 1_000, 7_777, 50_000, 200_000] {
        let before = clock::micros();
        pause(micros);
        at_least(
            "time asleep",
            clock::micros() - before,
            micros_of(Time::period(micros)),
        )?;
    }
    Ok(())
}

fn it_moves_while_one_runs() -> Outcome {
    let start = clock::micros();
    for _ in 0..100_000_000u64 {
        if clock::micros() - start > 5_000 {
            return Ok(());
        }
    }
    check("5 ms pass", false)
}

/// Clock values taken here, there and here again are in order.
#[track_caller]
fn agrees(plan: l4::thread::Builder) -> Outcome {
    let before = clock::micros();
    let there = worker::perform(plan, |_| clock::micros(), 0)?;
    let after = clock::micros();
    check("before, there, after", before <= there && there <= after)
}

fn same_clock_in_other_spaces() -> Outcome {
    agrees(worker::here())?;
    agrees(worker::away())
}

fn same_clock_on_other_cpus() -> Outcome {
    for cpu in 1..l4::kip::cpus().min(32) {
        for _ in 0..5 {
            agrees(worker::here().cpu(cpu))?;
        }
    }
    Ok(())
}
