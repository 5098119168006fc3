//! Other systems.

use super::begun;
use super::records::{Flat, table, written};
use crate::page::Record;
use crate::page::picture::{Axis, Bars, Group};
use crate::page::{Drawing, Kind, Run, Section};
use anyhow::Result;

const ABOUT: &str =
    "What other systems need for the same work in the same emulator, measured in the same way.";

/// The figures that are drawn, the first that the records have.
const DRAWN: [(&str, &str); 2] = [
    ("instructions_round_trip", "instructions, round trip"),
    ("instructions_one_way", "instructions one way"),
];

pub(super) fn section(run: Option<&Run<Vec<Record>>>) -> Result<Section> {
    let mut section = begun("peers", "Peers", ABOUT, run, Kind::Peers);
    let Some(records) = run.map(|run| &run.figures).filter(|all| !all.is_empty()) else {
        return Ok(section);
    };
    let rows: Vec<Flat> = records.iter().map(Flat::of).collect();
    let has = |(name, _): &(&str, &str)| rows.iter().any(|row| row.figure(name).is_some());
    if let Some((figure, label)) = DRAWN.into_iter().find(has) {
        section.drawings.push(Drawing {
            name: "peers",
            caption: "Instructions of a round trip; each step to the right is ten times as many."
                .into(),
            svg: picture(&rows, figure, label).draw()?,
        });
    }
    section.tables.push(table(&rows));
    Ok(section)
}

fn picture(rows: &[Flat], figure: &str, label: &str) -> Bars {
    let bar = |row: &Flat| {
        let value = row.figure(figure).filter(|value| *value > 0.0)?;
        Some(Group {
            name: row.name.clone(),
            bars: vec![Some((value, written(value)))],
        })
    };
    let groups: Vec<Group> = rows.iter().filter_map(bar).collect();
    let values = groups.iter().flat_map(|group| group.bars.iter().flatten());
    let values = values.map(|(value, _)| *value);
    let least = values.clone().fold(f64::INFINITY, f64::min);
    Bars {
        across: Axis::tens(label, least.min(1e9), values.fold(1.0, f64::max)),
        kinds: Vec::new(),
        groups,
    }
}
