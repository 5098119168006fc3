//! From a row of the plan to its samples.

use crate::link::{CHECKS, pattern};
use crate::partner::{self, Task};
use crate::plan::{Mechanism, Place, Row};
use crate::{clock, facts, machine};
use anyhow::{Result, ensure};
use rustix::process::getpid;

/// System calls per sample: one alone takes little longer than reading the clock.
const BATCH: u64 = 16;

/// How much is measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Effort {
    /// Samples of a row whose samples are batches.
    pub(crate) batches: u64,
    /// Samples of a row whose samples are single round trips.
    pub(crate) singles: u64,
}

/// The outcome of a row.
pub(crate) struct Measured {
    /// Round trips per sample.
    pub(crate) batch: u64,
    /// Ticks of one round trip, a value per sample.
    pub(crate) ticks: Vec<u64>,
    /// Round trips behind all samples.
    pub(crate) rounds: u64,
    /// Interrupts that all CPUs sent one another meanwhile, if the kernel tells.
    pub(crate) interrupts: Option<u64>,
}

/// Measures `row` with the first of `cpus`, and the second if it needs two.
pub(crate) fn row(row: &Row, effort: Effort, cpus: &[usize]) -> Result<Measured> {
    machine::stay_on(cpus[0])?;
    match *row {
        Row::NullSyscall => sample(effort.batches, BATCH, |rounds| {
            let began = clock::ticks();
            for _ in 0..rounds {
                std::hint::black_box(getpid());
            }
            Ok(clock::ticks() - began)
        }),
        Row::Message(mechanism, place, words) => message(mechanism, place, words, effort, cpus),
    }
}

fn message(
    mechanism: Mechanism,
    place: Place,
    words: usize,
    effort: Effort,
    cpus: &[usize],
) -> Result<Measured> {
    let count = effort.singles;
    let task = Task {
        mechanism,
        bytes: words * 8,
        rounds: CHECKS + count + warm_up(count),
        cpu: cpus[usize::from(place == Place::OtherCpu)],
    };
    let (mut near, partner) = match place {
        Place::SameSpace => partner::thread(task)?,
        Place::OtherSpace | Place::OtherCpu => partner::process(task)?,
    };
    near.check(task.bytes)?;
    let request = pattern(task.bytes, CHECKS);
    let mut answer = vec![0; task.bytes];
    let measured = sample(count, 1, |rounds| near.calls(&request, &mut answer, rounds))?;
    ensure!(answer[0] == !request[0], "the last answer is wrong");
    ensure!(answer[1..] == request[1..], "the last answer is wrong");
    partner.finish()?;
    Ok(measured)
}

/// Samples that are not looked at, before `count` that are.
const fn warm_up(count: u64) -> u64 {
    count.div_ceil(4)
}

/// Takes `count` samples of `batch` round trips each.
fn sample(count: u64, batch: u64, mut ticks: impl FnMut(u64) -> Result<u64>) -> Result<Measured> {
    for _ in 0..warm_up(count) {
        ticks(batch)?;
    }
    let before = facts::interrupts();
    let one = |total: u64| (total + batch / 2) / batch;
    let ticks = (0..count)
        .map(|_| ticks(batch).map(one))
        .collect::<Result<_>>()?;
    let after = facts::interrupts();
    Ok(Measured {
        batch,
        ticks,
        rounds: count * batch,
        interrupts: before.zip(after).map(|(before, after)| after - before),
    })
}
