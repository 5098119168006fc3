//! Short messages: cost over words.

use super::{MAIN_DRAWING, begun, lengths, one_way, real, whole};
use crate::page::picture::{Axis, Line, Lines};
use crate::page::{Drawing, Kind, Run, Section, Table};
use crate::{INTER_BUSY, INTER_IDLE, INTRA_INTER_SPACE, INTRA_SAME_SPACE, Report};
use anyhow::Result;

/// The ways of a message, and what they are called in a picture and above a column.
const WAYS: [(&str, &str); 4] = [
    (INTRA_INTER_SPACE, "one CPU, two spaces"),
    (INTRA_SAME_SPACE, "one CPU, one space"),
    (INTER_IDLE, "two CPUs, target idle"),
    (INTER_BUSY, "two CPUs, target busy"),
];

const ABOUT: &str = "Instructions of a message one way: half of a call and its answer, user stubs and the loops of the \
    benchmark included. Up to 7 words travel in registers. Between CPUs the instructions of both are added, with those \
    that the waiting one spins.";

pub(super) fn section(main: Option<&Run<Report>>) -> Result<Section> {
    let mut section = begun("short", "Short messages", ABOUT, main, Kind::Main);
    let Some(report) = main.map(|run| &run.figures) else {
        return Ok(section);
    };
    let words = lengths(report, INTRA_INTER_SPACE);
    if words.is_empty() {
        return Ok(section);
    }
    section.drawings.push(Drawing {
        name: MAIN_DRAWING,
        caption: "Instructions one way over the length of the message in words.".into(),
        svg: picture(report, &words).draw()?,
    });
    section.tables.push(table(report, &words));
    Ok(section)
}

fn picture(report: &Report, words: &[u32]) -> Lines {
    let counts = |id| {
        let point = move |words: &u32| {
            let count = one_way(report.row(id, Some(*words)))?;
            Some((f64::from(*words), real(count)))
        };
        words.iter().filter_map(point)
    };
    // Equal lines hide one another: one CPU is drawn once if spaces make no difference.
    let is_same = counts(INTRA_INTER_SPACE).eq(counts(INTRA_SAME_SPACE));
    let ways = WAYS
        .into_iter()
        .filter(|(id, _)| !is_same || *id != INTRA_SAME_SPACE);
    let lines: Vec<Line> = ways
        .map(|(id, name)| Line {
            name: if is_same && id == INTRA_INTER_SPACE {
                "one CPU"
            } else {
                name
            }
            .into(),
            points: counts(id).collect(),
        })
        .collect();
    let most = lines.iter().flat_map(|line| &line.points).map(|(_, y)| *y);
    let marks = words
        .iter()
        .map(|words| (f64::from(*words), words.to_string()));
    Lines {
        across: Axis::of("words", marks.collect(), false),
        up: Axis::from_zero("instructions one way", most.fold(0.0, f64::max)),
        lines,
    }
}

fn table(report: &Report, words: &[u32]) -> Table {
    let names = WAYS.iter().map(|(_, name)| *name);
    let mut table = Table::new(["words"].into_iter().chain(names));
    for words in words {
        let counts = WAYS.map(|(id, _)| whole(one_way(report.row(id, Some(*words)))));
        table.push([words.to_string()].into_iter().chain(counts));
    }
    table
}
