//! PERF00xx: the figures that have to hold, from a quick benchmark.
//!
//! Counts are judged, by the budgets of `perf/budgets.toml` or against one another: instructions of the deterministic run and
//! interrupts between CPUs. Of times only one, as a ratio to another of the same run, minimum against minimum, with room to
//! spare.

use crate::built::Built;
use crate::trials::Trials;
use libtest_mimic::{Completion, Failed, Trial};
use pecan_perf::{
    Budgets, COPY_MEBIBYTE, INTER_BUSY, INTER_IDLE, INTER_LONG_MEBIBYTE, INTER_PAGE_FAULT,
    INTER_REGISTERS, INTER_UNMAP_PAGE, INTERRUPT_TO_USER, INTRA_INTER_SPACE, INTRA_SAME_SPACE,
    IPI_ROUND_TRIP, LONG_MEBIBYTE, LONG_PAGE, MAP_PAGE, MIGRATE, NULL_SYSCALL, PAGE_FAULT, PAIRS,
    RawRow, Report, Row, TICK, UNMAP_PAGE, Wish, YIELD_SWITCH, count, measure,
};
use std::sync::{Arc, OnceLock};

/// What looks at a report.
type Judge = fn(&Report) -> Result<(), Failed>;

type Shared = Arc<OnceLock<Result<Report, String>>>;

/// Most instructions of a call with a string of 1 MiB, in percent of those of a plain copy.
const LONG_PERCENT: u64 = 105;

/// Most instructions of the same to another CPU, in percent of those of a plain copy. Those with which the sender's CPU looks for
/// messages before it halts are among them: in one build more, in another less, by one percent.
const INTER_LONG_PERCENT: u64 = 108;

/// Most that the shortest round trip between CPUs takes of a bare interrupt's there and back.
const IPI_RATIO: f64 = 2.0;

/// Sizes of machines that are compared. Nothing that stays inside one CPU may count others.
const SIZES: [u32; 3] = [1, 2, 8];

/// Most that a map item differs between them. Where the kernel's frames lie decides on the shape of the mapping
/// tree, and so on the steps of a search: the same machine with another `kmem=` differs as much.
const TREE_SHAPE: u64 = 250;

pub(crate) fn trials(built: &Arc<Built>) -> Trials {
    let shared = Shared::default();
    let judges: [(&str, Judge); 10] = [
        ("PERF0001", complete),
        ("PERF0002", short_inside),
        ("PERF0003", few_interrupts),
        ("PERF0004", strings),
        ("PERF0005", short_faults),
        ("PERF0006", short_interrupts),
        ("PERF0007", flush_asks_users_only),
        ("PERF0008", strings_elsewhere),
        ("PERF0010", pairs_are_independent),
        ("PERF0012", everything),
    ];
    let trial = |(id, judge): (&str, Judge)| {
        let (built, shared) = (built.clone(), shared.clone());
        Trial::test(format!("bench::{id}"), move || {
            judge(report(&built, &shared)?)
        })
    };
    let built = built.clone();
    let sizes = Trial::test("bench::PERF0011", move || size_costs_nothing(&built));
    Trials::of_one_run(judges.into_iter().map(trial)).and(vec![sizes])
}

/// The one that compares times, which others that run beside it would disturb.
pub(crate) fn alone(built: &Arc<Built>) -> Vec<Trial> {
    let built = built.clone();
    vec![Trial::ignorable_test("bench::PERF0009", move || {
        if built.qemu.stalls().is_some() {
            return Ok(Completion::ignored_with("processors stand still"));
        }
        fast_in_one_of_several_runs(&built).map(|()| Completion::Completed)
    })]
}

/// The least of many samples counts, but the computer may have other things to do all the time: then it is measured again.
fn fast_in_one_of_several_runs(built: &Built) -> Result<(), Failed> {
    const RUNS: usize = 6;
    let mut verdict = Ok(());
    for _ in 0..RUNS {
        verdict = as_fast_as_interrupts(report(built, &Shared::default())?);
        if verdict.is_ok() {
            break;
        }
    }
    verdict
}

fn report<'a>(built: &Built, shared: &'a Shared) -> Result<&'a Report, Failed> {
    let run = || {
        let wish = Wish {
            quick: true,
            cpus: 2,
        };
        measure(&built.workspace, &built.qemu, wish, |_, _, _, _| {})
            .map_err(|error| format!("{error:#}"))
    };
    shared
        .get_or_init(run)
        .as_ref()
        .map_err(|why| why.as_str().into())
}

fn rows<'a>(report: &'a Report, id: &str) -> Result<Vec<&'a Row>, Failed> {
    let rows: Vec<&Row> = report.rows.iter().filter(|row| row.id == id).collect();
    if rows.is_empty() {
        Err(format!("there is no row {id}").into())
    } else {
        Ok(rows)
    }
}

fn complete(report: &Report) -> Result<(), Failed> {
    let ids = [
        INTRA_INTER_SPACE,
        INTRA_SAME_SPACE,
        INTER_IDLE,
        INTER_BUSY,
        NULL_SYSCALL,
        IPI_ROUND_TRIP,
        YIELD_SWITCH,
        TICK,
        INTERRUPT_TO_USER,
        PAGE_FAULT,
        MAP_PAGE,
        UNMAP_PAGE,
        COPY_MEBIBYTE,
        INTER_PAGE_FAULT,
        INTER_UNMAP_PAGE,
        INTER_REGISTERS,
        MIGRATE,
        LONG_MEBIBYTE,
        INTER_LONG_MEBIBYTE,
    ];
    for id in ids {
        for row in rows(report, id)? {
            if row.instructions_round_trip.is_none() || row.ns_round_trip.is_none() {
                return Err(format!("figures are missing: {row:?}").into());
            }
        }
    }
    Ok(())
}

/// The rows with these ids are within their budgets.
fn within(report: &Report, ids: &[&str]) -> Result<(), Failed> {
    judged(report, |id| ids.contains(&id))
}

fn judged(report: &Report, wanted: impl Fn(&str) -> bool) -> Result<(), Failed> {
    let budgets = Budgets::own().map_err(|error| Failed::from(format!("{error:#}")))?;
    let complaints = budgets.complaints(report, wanted);
    if complaints.is_empty() {
        Ok(())
    } else {
        Err(complaints.join("\n").into())
    }
}

fn everything(report: &Report) -> Result<(), Failed> {
    judged(report, |_| true)
}

fn short_inside(report: &Report) -> Result<(), Failed> {
    within(report, &[INTRA_INTER_SPACE, INTRA_SAME_SPACE])
}

fn few_interrupts(report: &Report) -> Result<(), Failed> {
    within(report, &[INTER_IDLE, INTER_BUSY])
}

fn short_faults(report: &Report) -> Result<(), Failed> {
    within(report, &[PAGE_FAULT])
}

fn short_interrupts(report: &Report) -> Result<(), Failed> {
    within(report, &[INTERRUPT_TO_USER])
}

fn flush_asks_users_only(report: &Report) -> Result<(), Failed> {
    within(report, &[INTER_UNMAP_PAGE])
}

fn instructions(report: &Report, id: &str, words: Option<u32>) -> Result<u64, Failed> {
    let row = report.row(id, words);
    row.and_then(|row| row.instructions_round_trip)
        .ok_or_else(|| Failed::from(format!("no instructions of {id}")))
}

fn strings(report: &Report) -> Result<(), Failed> {
    within(report, &[LONG_PAGE])?;
    little_more_than_a_copy(report, LONG_MEBIBYTE, LONG_PERCENT)
}

fn strings_elsewhere(report: &Report) -> Result<(), Failed> {
    little_more_than_a_copy(report, INTER_LONG_MEBIBYTE, INTER_LONG_PERCENT)
}

fn little_more_than_a_copy(report: &Report, id: &str, percent: u64) -> Result<(), Failed> {
    let (long, copy) = (
        instructions(report, id, None)?,
        instructions(report, COPY_MEBIBYTE, None)?,
    );
    if long * 100 > copy * percent {
        let limit = format!("{percent} % of {copy}");
        return Err(format!("{id}: {long} instructions, not {limit}").into());
    }
    Ok(())
}

fn as_fast_as_interrupts(report: &Report) -> Result<(), Failed> {
    let shortest = |id| {
        let times = rows(report, id)?.into_iter().filter_map(Row::min_ns);
        times
            .reduce(f64::min)
            .ok_or_else(|| Failed::from(format!("no times of {id}")))
    };
    let (message, interrupt) = (shortest(INTER_IDLE)?, shortest(IPI_ROUND_TRIP)?);
    if message > interrupt * IPI_RATIO {
        let limit = format!("{IPI_RATIO} times {interrupt} ns of a bare interrupt");
        return Err(format!("{INTER_IDLE}: {message} ns, not {limit}").into());
    }
    Ok(())
}

fn pairs_are_independent(report: &Report) -> Result<(), Failed> {
    let of = |cpus| instructions(report, &format!("{PAIRS}{cpus}"), None);
    let (one, two) = (of(1)?, of(2)?);
    // Who is done first waits for the other.
    if two > one + 1 {
        return Err(format!("{two} instructions on two CPUs, {one} on one").into());
    }
    Ok(())
}

fn size_costs_nothing(built: &Built) -> Result<(), Failed> {
    let ids = [
        NULL_SYSCALL,
        INTRA_INTER_SPACE,
        INTRA_SAME_SPACE,
        LONG_PAGE,
        PAGE_FAULT,
        MAP_PAGE,
    ];
    let of = |cpus| {
        count(&built.workspace, &built.qemu, cpus, "quick", &ids)
            .map_err(|error| Failed::from(format!("{error:#}")))
    };
    let [alone, few, many] = SIZES.map(of);
    let (alone, others) = (alone?, [few?, many?].concat());
    if others.len() != 2 * alone.len() {
        return Err(format!("{} rows and {}", alone.len(), others.len()).into());
    }
    // The ticks of CPUs that idle come on top now and then, so it is the least that is compared.
    let least = |row: &RawRow| row.ticks.iter().min().copied().unwrap_or(0);
    for (row, other) in others.iter().zip(alone.iter().cycle()) {
        let room = if row.id == MAP_PAGE { TREE_SHAPE } else { 0 };
        let (seen, expected) = (least(row), least(other));
        if (&row.id, row.words) != (&other.id, other.words) || seen.abs_diff(expected) > room {
            return Err(format!("{seen} instructions, {expected} on one CPU: {row:?}").into());
        }
    }
    Ok(())
}
