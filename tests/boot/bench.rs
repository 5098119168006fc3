//! PERF00xx: the figures that have to hold, from a quick benchmark.
//!
//! Only counts are judged, never time: instructions of the deterministic run and interrupts between CPUs.

use crate::built::Built;
use libtest_mimic::{Failed, Trial};
use pecan_perf::{COPY_MEBIBYTE, LONG_MEBIBYTE, LONG_PAGE};
use pecan_perf::{
    INTER_BUSY, INTER_IDLE, INTRA_INTER_SPACE, INTRA_SAME_SPACE, Report, Row, Wish, measure,
};
use pecan_perf::{
    INTERRUPT_TO_USER, IPI_ROUND_TRIP, MAP_PAGE, NULL_SYSCALL, PAGE_FAULT, UNMAP_INTER, UNMAP_PAGE,
    YIELD_SWITCH,
};
use std::sync::{Arc, OnceLock};

type Shared = Arc<OnceLock<Result<Report, String>>>;

/// Most instructions one way inside one CPU between two spaces, for up to 7 words, user stubs included.
const INTRA_LIMIT: u64 = 80;

/// Most instructions of a call with a string of 4 KiB and its short answer, copying 8 bytes an instruction.
const LONG_PAGE_LIMIT: u64 = 1200;

/// Most instructions of a call with a string of 1 MiB, in percent of those of a plain copy.
const LONG_PERCENT: u64 = 105;

/// Most interrupts between CPUs per round trip: one a message.
const IPI_LIMIT: f64 = 2.0;

/// Most instructions from a fault to the end of the instruction that faulted, the pager's included.
const FAULT_LIMIT: u64 = 900;

/// Most instructions from an interrupted thread to the interrupt's handler.
const INTERRUPT_LIMIT: u64 = 350;

pub(crate) fn trials(built: &Arc<Built>) -> Vec<Trial> {
    let shared = Shared::default();
    let judges: [(&str, fn(&Report) -> Result<(), Failed>); 6] = [
        ("PERF0001", complete),
        ("PERF0002", short_inside),
        ("PERF0003", few_interrupts),
        ("PERF0004", strings),
        ("PERF0005", short_faults),
        ("PERF0006", short_interrupts),
    ];
    let trial = |(id, judge): (&str, fn(&Report) -> Result<(), Failed>)| {
        let (built, shared) = (built.clone(), shared.clone());
        Trial::test(format!("bench::{id}"), move || {
            judge(report(&built, &shared)?)
        })
    };
    judges.into_iter().map(trial).collect()
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
        INTERRUPT_TO_USER,
        PAGE_FAULT,
        MAP_PAGE,
        UNMAP_PAGE,
        UNMAP_INTER,
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

fn short_inside(report: &Report) -> Result<(), Failed> {
    let mut seen = 0;
    for row in rows(report, INTRA_INTER_SPACE)?
        .iter()
        .filter(|row| row.words.is_some_and(|words| words <= 7))
    {
        seen += 1;
        if row
            .instructions_one_way
            .is_none_or(|count| count > INTRA_LIMIT)
        {
            return Err(format!("more than {INTRA_LIMIT} instructions one way: {row:?}").into());
        }
    }
    if seen == 0 {
        Err("no row with 0 to 7 words".into())
    } else {
        Ok(())
    }
}

fn short_faults(report: &Report) -> Result<(), Failed> {
    at_most(report, PAGE_FAULT, FAULT_LIMIT)
}

fn short_interrupts(report: &Report) -> Result<(), Failed> {
    at_most(report, INTERRUPT_TO_USER, INTERRUPT_LIMIT)
}

fn at_most(report: &Report, id: &str, limit: u64) -> Result<(), Failed> {
    for row in rows(report, id)? {
        if row
            .instructions_round_trip
            .is_none_or(|count| count > limit)
        {
            return Err(format!("more than {limit} instructions: {row:?}").into());
        }
    }
    Ok(())
}

fn few_interrupts(report: &Report) -> Result<(), Failed> {
    for id in [INTER_IDLE, INTER_BUSY, UNMAP_INTER] {
        for row in rows(report, id)? {
            if row.ipis_round_trip.is_none_or(|count| count > IPI_LIMIT) {
                return Err(
                    format!("more than {IPI_LIMIT} interrupts per round trip: {row:?}").into(),
                );
            }
        }
    }
    Ok(())
}

fn strings(report: &Report) -> Result<(), Failed> {
    let count = |id| {
        let row = report.row(id, None);
        row.and_then(|row| row.instructions_round_trip)
            .ok_or_else(|| Failed::from(format!("no instructions of {id}")))
    };
    let (page, long, copy) = (
        count(LONG_PAGE)?,
        count(LONG_MEBIBYTE)?,
        count(COPY_MEBIBYTE)?,
    );
    if page > LONG_PAGE_LIMIT {
        return Err(format!("{LONG_PAGE}: {page} instructions, not {LONG_PAGE_LIMIT}").into());
    }
    if long * 100 > copy * LONG_PERCENT {
        let limit = format!("{LONG_PERCENT} % of {copy}");
        return Err(format!("{LONG_MEBIBYTE}: {long} instructions, not {limit}").into());
    }
    Ok(())
}
