//! What a path touches.

use super::begun;
use super::records::{Flat, table};
use crate::page::Record;
use crate::page::picture::{Axis, Bars, Group};
use crate::page::{Drawing, Kind, Run, Section};
use crate::{INTER_IDLE, INTRA_INTER_SPACE};
use anyhow::Result;

const ABOUT: &str = "What each path executes and touches, seen from outside by a plugin of the emulator: user and kernel \
    instructions, loads and stores, distinct cache lines and pages, and what is dear on a real machine and cheap in \
    instructions: locked instructions, loads of CR3, and their like.";

pub(super) fn section(run: Option<&Run<Vec<Record>>>) -> Result<Section> {
    let mut section = begun("footprint", "Footprint", ABOUT, run, Kind::Accounting);
    let Some(records) = run.map(|run| &run.figures).filter(|all| !all.is_empty()) else {
        return Ok(section);
    };
    let rows: Vec<Flat> = records.iter().map(Flat::of).collect();
    let bars = picture(&rows);
    if !bars.groups.is_empty() {
        section.drawings.push(Drawing {
            name: "footprint",
            caption: "Distinct cache lines and pages that short messages touch.".into(),
            svg: bars.draw()?,
        });
    }
    section.tables.push(table(&rows));
    Ok(section)
}

/// Bars of all figures that are lines or pages, for short messages inside a CPU and between two.
fn picture(rows: &[Flat]) -> Bars {
    let is_drawn = |row: &&Flat| {
        let mut ids = [INTRA_INTER_SPACE, INTER_IDLE].into_iter();
        ids.any(|id| row.name.starts_with(id))
    };
    let drawn: Vec<&Flat> = rows.iter().filter(is_drawn).collect();
    let names = drawn.iter().flat_map(|row| &row.figures);
    let mut kinds: Vec<String> = Vec::new();
    for (name, _) in names {
        let is_place = name.contains("line") || name.contains("page");
        if is_place && !kinds.contains(name) {
            kinds.push(name.clone());
        }
    }
    let bars = |row: &Flat| -> Vec<Option<(f64, String)>> {
        let bar = |kind: &String| row.figure(kind).map(|value| (value, format!("{value}")));
        kinds.iter().map(bar).collect()
    };
    let groups: Vec<Group> = drawn
        .into_iter()
        .map(|row| Group {
            name: row.name.clone(),
            bars: bars(row),
        })
        .filter(|group| group.bars.iter().any(Option::is_some))
        .collect();
    let values = groups.iter().flat_map(|group| group.bars.iter().flatten());
    let most = values.map(|(value, _)| *value).fold(1.0, f64::max);
    Bars {
        across: Axis::from_zero("distinct", most),
        kinds: kinds.iter().map(|kind| kind.replace('_', " ")).collect(),
        groups,
    }
}
