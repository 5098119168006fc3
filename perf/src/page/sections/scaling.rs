//! Pairs of threads on more and more CPUs.

use super::{begun, decimals, numbered, over, real, round_trip, whole};
use crate::page::picture::{Axis, Line, Lines};
use crate::page::{Drawing, Kind, Run, Section, Table};
use crate::{PAIRS, Report, Row};
use anyhow::Result;

const ABOUT: &str = "Independent pairs of threads, one pair on each CPU, all at once. Where nothing is shared, \
    instructions of a round trip stay as they are for one pair. Throughput grows with the CPUs as long as the host has a core \
    for each; it is the emulator's.";

/// Fewer points than this show no course.
const ENOUGH: usize = 3;

pub(super) fn section(main: Option<&Run<Report>>) -> Result<Section> {
    let mut section = begun("scaling", "Scaling over CPUs", ABOUT, main, Kind::Main);
    let rows = main.map_or_else(Vec::new, |run| numbered(&run.figures, PAIRS));
    let (Some(main), Some((_, one))) = (main, rows.first().copied()) else {
        return Ok(section);
    };
    if rows.len() < ENOUGH {
        section.missing.push(format!(
            "The last run had {} CPUs: `cargo xtask bench --cpus 8` shows more of the course.",
            main.figures.cpus
        ));
    }
    section.drawings.push(Drawing {
        name: "scaling",
        caption: "Instructions of a round trip, and throughput, relative to one pair.".into(),
        svg: picture(&rows, one).draw()?,
    });
    section.tables.push(table(&rows, one));
    Ok(section)
}

fn instructions(row: &Row, one: &Row) -> Option<f64> {
    over(
        round_trip(Some(row)).map(real),
        round_trip(Some(one)).map(real),
    )
}

fn throughput(row: &Row, one: &Row) -> Option<f64> {
    over(one.min_ns(), row.min_ns())
}

fn picture(rows: &[(u32, &Row)], one: &Row) -> Lines {
    let line = |name: &str, of: fn(&Row, &Row) -> Option<f64>| {
        let point = |(cpus, row): &(u32, &Row)| Some((f64::from(*cpus), of(row, one)?));
        Line {
            name: name.into(),
            points: rows.iter().filter_map(point).collect(),
        }
    };
    let lines = vec![
        line("throughput", throughput),
        line("instructions", instructions),
    ];
    let most = lines.iter().flat_map(|line| &line.points).map(|(_, y)| *y);
    let marks = rows
        .iter()
        .map(|(cpus, _)| (f64::from(*cpus), cpus.to_string()));
    Lines {
        across: Axis::of("CPUs used", marks.collect(), true),
        up: Axis::from_zero("relative to one pair", most.fold(1.0, f64::max)),
        lines,
    }
}

fn table(rows: &[(u32, &Row)], one: &Row) -> Table {
    let mut table = Table::new([
        "CPUs used",
        "instr. of a round trip",
        "relative",
        "ns min over all pairs",
        "throughput, relative",
    ]);
    for (cpus, row) in rows {
        table.push([
            cpus.to_string(),
            whole(round_trip(Some(row))),
            decimals(instructions(row, one), 3),
            decimals(row.min_ns(), 0),
            decimals(throughput(row, one), 2),
        ]);
    }
    table
}
