//! Every CPU takes part.

use l4::{Time, control, kip, utcb};

use crate::harness::regular::spin;
use crate::harness::{Outcome, Test, board, equal, until, worker};

pub(crate) const TESTS: &[Test] = &[
    Test::new("SMP0001", every_cpu_runs_a_thread),
    Test::new("SMP0002", all_at_once),
    Test::new("SMP0003", every_cpu_checks_itself),
    Test::new("SMP0004", every_cpu_preempts),
    Test::new("SMP0005", every_cpu_has_its_tick),
    Test::new("SMP0006", round_trips_cross),
];

fn every_cpu_runs_a_thread() -> Outcome {
    for cpu in 0..kip::cpus().min(180) {
        let plan = if cpu % 2 == 0 {
            worker::here()
        } else {
            worker::away()
        };
        let seen = worker::perform(plan.cpu(cpu), |_| utcb::my().processor() as u64, 0)?;
        equal("ProcessorNo", seen, cpu as u64)?;
    }
    Ok(())
}

/// CPUs that the other tests need at once; their workers have stacks for so many.
fn some_cpus() -> usize {
    kip::cpus().min(32)
}

/// One spinner per CPU; all get on at the same time.
fn all_at_once() -> Outcome {
    for cpu in 0..some_cpus() {
        worker::start(worker::here().cpu(cpu), spin, cpu as u64)?;
    }
    let mut before = [0; 32];
    for _ in 0..3 {
        until("all get on", || {
            (0..some_cpus()).all(|cpu| board::get(cpu) > before[cpu])
        })?;
        before = core::array::from_fn(board::get);
    }
    Ok(())
}

fn every_cpu_checks_itself() -> Outcome {
    for cpu in 0..kip::cpus().min(64) {
        let seen = worker::perform(worker::here().cpu(cpu), |_| u64::from(control::check()), 0)?;
        equal("its own verdict", seen, 1)?;
    }
    Ok(())
}

/// Two spinners per CPU share it.
fn every_cpu_preempts() -> Outcome {
    for cpu in 0..some_cpus() {
        for index in [cpu, cpu + 32] {
            let plan = worker::here().cpu(cpu).slice(Time::period(2_000));
            worker::start(plan, spin, index as u64)?;
        }
    }
    let all = |before: &[u64; 64]| {
        (0..some_cpus())
            .flat_map(|cpu| [cpu, cpu + 32])
            .all(|index| board::get(index) > before[index])
    };
    until("all run", || all(&[0; 64]))?;
    let before = core::array::from_fn(board::get);
    until("all run again", || all(&before))
}

/// A sleeper on each CPU wakes up while another thread keeps the CPU busy.
fn every_cpu_has_its_tick() -> Outcome {
    for cpu in 0..some_cpus() {
        worker::start(worker::here().cpu(cpu), spin, 100)?;
        let sleep = |_| {
            crate::harness::pause(5_000);
            1
        };
        equal(
            "it woke",
            worker::perform(worker::here().cpu(cpu).priority(110), sleep, 0)?,
            1,
        )?;
    }
    Ok(())
}

/// How often each CPU measures all others.
const ROUNDS: u64 = 15;

/// CPUs measure interrupt round trips to each other at the same time; each gets its answers.
fn round_trips_cross() -> Outcome {
    let cpus = some_cpus();
    if cpus < 2 {
        return Ok(());
    }
    for cpu in 0..cpus {
        let measure = |me: u64| {
            for round in 0..ROUNDS {
                for other in (0..some_cpus()).filter(|other| *other as u64 != me) {
                    let ticks = control::ipi_round_trip(other);
                    board::add(32 + me as usize, u64::from(ticks.is_none()));
                }
                board::put(me as usize, round + 1);
            }
        };
        worker::start(worker::here().cpu(cpu), measure, cpu as u64)?;
    }
    until("all are done", || {
        (0..cpus).all(|cpu| board::get(cpu) == ROUNDS)
    })?;
    equal(
        "refused",
        (0..cpus).map(|cpu| board::get(32 + cpu)).sum::<u64>(),
        0,
    )
}
