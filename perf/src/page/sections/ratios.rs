//! What the way to another CPU costs: between CPUs over inside one.

use super::{begun, decimals, lengths, numbered, over, real, round_trip, whole};
use crate::names::size;
use crate::page::picture::{Axis, Bars, Group};
use crate::page::{Drawing, Kind, Run, Section, Table};
use crate::{
    INTER_BUSY, INTER_IDLE, INTER_LONG, INTER_PAGE_FAULT, INTER_UNMAP_PAGE, INTRA_INTER_SPACE,
    LONG, PAGE_FAULT, Report, Row, UNMAP_PAGE,
};
use anyhow::Result;

const ABOUT: &str = "The same work with the partner on another CPU, over that inside one CPU: instructions of the \
    deterministic run, and smallest times of the parallel run, which are the emulator's and good for no more than a rough idea.";

/// The same work inside a CPU and between two.
struct Both<'a> {
    name: String,
    inside: &'a Row,
    between: &'a Row,
    /// Whether it is in the picture, too.
    is_drawn: bool,
}

pub(super) fn section(main: Option<&Run<Report>>) -> Result<Section> {
    let mut section = begun("ratios", "Between CPUs", ABOUT, main, Kind::Main);
    let Some(report) = main.map(|run| &run.figures) else {
        return Ok(section);
    };
    let both = pairs(report);
    if both.is_empty() {
        section
            .missing
            .push("The last run had one CPU: `cargo xtask bench --cpus 2` compares.".into());
        return Ok(section);
    }
    section.drawings.push(Drawing {
        name: "between-cpus",
        caption: "How many times the instructions inside one CPU the same costs between two."
            .into(),
        svg: picture(&both).draw()?,
    });
    section.tables.push(table(&both));
    Ok(section)
}

fn pairs(report: &Report) -> Vec<Both<'_>> {
    let mut both = Vec::new();
    let mut add = |name: String, is_drawn, inside, between| {
        if let (Some(inside), Some(between)) = (inside, between) {
            both.push(Both {
                name,
                inside,
                between,
                is_drawn,
            });
        }
    };
    let words = lengths(report, INTRA_INTER_SPACE);
    for (id, target) in [(INTER_IDLE, "idle"), (INTER_BUSY, "busy")] {
        for length in &words {
            let row = |id| report.row(id, Some(*length));
            let is_drawn = [0, 8].contains(length) || words.last() == Some(length);
            let name = format!("{length} words, target {target}");
            add(name, is_drawn, row(INTRA_INTER_SPACE), row(id));
        }
    }
    for (bytes, row) in numbered(report, LONG) {
        let between = report.row(&format!("{INTER_LONG}{bytes}"), None);
        add(
            format!("string of {}", size(bytes.into())),
            true,
            Some(row),
            between,
        );
    }
    for (name, inside, between) in [
        ("page fault", PAGE_FAULT, INTER_PAGE_FAULT),
        ("flush of a page", UNMAP_PAGE, INTER_UNMAP_PAGE),
    ] {
        add(
            name.into(),
            true,
            report.row(inside, None),
            report.row(between, None),
        );
    }
    both
}

impl Both<'_> {
    fn instructions(&self) -> Option<f64> {
        let count = |row| round_trip(Some(row)).map(real);
        over(count(self.between), count(self.inside))
    }

    fn time(&self) -> Option<f64> {
        over(self.between.min_ns(), self.inside.min_ns())
    }
}

fn picture(both: &[Both<'_>]) -> Bars {
    // Times wander too much to be drawn.
    let bar = |ratio: Option<f64>| ratio.map(|ratio| (ratio, format!("{ratio:.2}")));
    let groups: Vec<Group> = both
        .iter()
        .filter(|both| both.is_drawn)
        .map(|both| Group {
            name: both.name.clone(),
            bars: vec![bar(both.instructions())],
        })
        .collect();
    let values = groups.iter().flat_map(|group| group.bars.iter().flatten());
    let most = values.map(|(value, _)| *value).fold(1.0, f64::max);
    Bars {
        across: Axis::from_zero("times the instructions inside one CPU", most),
        kinds: Vec::new(),
        groups,
    }
}

fn table(both: &[Both<'_>]) -> Table {
    let mut table = Table::new([
        "round trip",
        "inside, instr.",
        "between, instr.",
        "ratio",
        "inside, ns min",
        "between, ns min",
        "ratio of times",
        "interrupts",
    ]);
    for both in both {
        table.push([
            both.name.clone(),
            whole(round_trip(Some(both.inside))),
            whole(round_trip(Some(both.between))),
            decimals(both.instructions(), 2),
            decimals(both.inside.min_ns(), 0),
            decimals(both.between.min_ns(), 0),
            decimals(both.time(), 2),
            decimals(both.between.ipis_round_trip, 2),
        ]);
    }
    table
}
