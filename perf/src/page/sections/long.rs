//! Long messages: cost over bytes.

use super::{begun, decimals, numbered, over, real, round_trip, whole};
use crate::names::size;
use crate::page::picture::{Axis, Line, Lines};
use crate::page::{Drawing, Kind, Run, Section, Table};
use crate::{COPY_MEBIBYTE, INTER_LONG, LONG, Report};
use anyhow::Result;

const ABOUT: &str = "Instructions of a call with a string and a short answer, the copy included: each repetition of the \
    copying instruction, which moves 8 bytes, counts as one. A plain copy in one space is the floor.";

pub(super) fn section(main: Option<&Run<Report>>) -> Result<Section> {
    let mut section = begun("long", "Long messages", ABOUT, main, Kind::Main);
    let Some(report) = main.map(|run| &run.figures) else {
        return Ok(section);
    };
    if numbered(report, LONG).is_empty() {
        return Ok(section);
    }
    section.drawings.push(Drawing {
        name: "long-messages",
        caption: "Instructions of a round trip over the length of the string.".into(),
        svg: picture(report).draw()?,
    });
    section.tables.push(table(report));
    Ok(section)
}

fn picture(report: &Report) -> Lines {
    let line = |name: &str, kind| {
        let rows = numbered(report, kind).into_iter();
        Line {
            name: name.into(),
            points: rows
                .filter_map(|(bytes, row)| Some((f64::from(bytes), real(round_trip(Some(row))?))))
                .collect(),
        }
    };
    let lines = vec![
        line("one CPU, two spaces", LONG),
        line("two CPUs", INTER_LONG),
    ];
    let counts = lines
        .iter()
        .flat_map(|line| &line.points)
        .map(|(_, count)| *count);
    let least = counts.clone().fold(f64::INFINITY, f64::min);
    let marks = numbered(report, LONG).into_iter();
    let marks = marks.map(|(bytes, _)| (f64::from(bytes), size(bytes.into())));
    Lines {
        across: Axis::of("length of the string", marks.collect(), true),
        up: Axis::tens(
            "instructions, round trip",
            least,
            counts.fold(0.0, f64::max),
        ),
        lines,
    }
}

fn table(report: &Report) -> Table {
    let mut table = Table::new([
        "string",
        "one CPU, instr.",
        "per 8 bytes",
        "two CPUs, instr.",
        "one CPU, ns min",
        "two CPUs, ns min",
    ]);
    for (bytes, row) in numbered(report, LONG) {
        let inter = report.row(&format!("{INTER_LONG}{bytes}"), None);
        let inside = round_trip(Some(row));
        table.push([
            size(bytes.into()),
            whole(inside),
            decimals(over(inside.map(real), Some(f64::from(bytes) / 8.0)), 2),
            whole(round_trip(inter)),
            decimals(row.min_ns(), 0),
            decimals(inter.and_then(crate::Row::min_ns), 0),
        ]);
    }
    if let Some(copy) = report.row(COPY_MEBIBYTE, None) {
        let count = round_trip(Some(copy));
        table.push([
            "plain copy of 1 MiB".into(),
            whole(count),
            decimals(over(count.map(real), Some(f64::from(1 << 17))), 2),
            String::new(),
            decimals(copy.min_ns(), 0),
        ]);
    }
    table
}
