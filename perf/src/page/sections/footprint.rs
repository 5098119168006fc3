//! What a path touches.

use super::begun;
use super::records::{Flat, parts, tables, title};
use crate::page::picture::{Axis, Bars, Group};
use crate::page::{Drawing, Kind, Record, Run, Section};
use crate::{INTER_IDLE, INTRA_INTER_SPACE};
use anyhow::Result;

const ABOUT: &str = "What each path executes and touches, seen from outside by a plugin of the emulator: instructions of users and of \
    the kernel, loads and stores, distinct cache lines and pages, and what is dear on a real machine and cheap in \
    instructions: locked instructions, loads of CR3, and their like. What is 0 everywhere is left out. A visit is the kernel's \
    from its first instruction to its last, and the figures are the most of any.";

/// Message lengths that are drawn.
const DRAWN: [u32; 3] = [0, 8, 63];

/// Of which group of figures lines and pages are drawn: the first that there is.
const GROUPS: [&str; 3] = ["visit", "kernel", ""];

pub(super) fn section(run: Option<&Run<Vec<Record>>>) -> Result<Section> {
    let mut section = begun("footprint", "Footprint", ABOUT, run, Kind::Accounting);
    let Some(records) = run.map(|run| &run.figures).filter(|all| !all.is_empty()) else {
        return Ok(section);
    };
    let rows: Vec<Flat> = records.iter().map(Flat::of).collect();
    if let Some(bars) = picture(&rows) {
        section.drawings.push(Drawing {
            name: "footprint",
            caption: "Distinct cache lines and pages that the kernel touches for a short message."
                .into(),
            svg: bars.draw()?,
        });
    }
    section.tables.extend(tables(&rows));
    Ok(section)
}

/// Bars of the figures that are lines or pages, for short messages inside a CPU and between two.
fn picture(rows: &[Flat]) -> Option<Bars> {
    let names = [INTRA_INTER_SPACE, INTER_IDLE].into_iter();
    let names = names.flat_map(|id| DRAWN.map(|words| format!("{id}, {words} words")));
    let drawn: Vec<&Flat> = names
        .filter_map(|name| rows.iter().find(|row| row.name == name))
        .collect();
    let kinds = GROUPS.into_iter().map(|group| kinds(&drawn, group));
    let kinds = kinds.into_iter().find(|kinds| !kinds.is_empty())?;
    let bar = |row: &Flat, kind: &str| row.figure(kind).map(|value| (value, format!("{value}")));
    let groups: Vec<Group> = drawn
        .iter()
        .map(|row| Group {
            name: row.name.clone(),
            bars: kinds.iter().map(|kind| bar(row, kind)).collect(),
        })
        .collect();
    let values = groups.iter().flat_map(|group| group.bars.iter().flatten());
    let most = values.map(|(value, _)| *value).fold(1.0, f64::max);
    Some(Bars {
        across: Axis::from_zero("distinct", most),
        kinds: kinds.iter().map(|kind| title(kind)).collect(),
        groups,
    })
}

/// The names of a group's figures that are lines or pages.
fn kinds<'a>(rows: &[&'a Flat], group: &str) -> Vec<&'a str> {
    let mut kinds = Vec::new();
    for (name, _) in rows.iter().flat_map(|row| &row.figures) {
        let (own, figure) = parts(name);
        let is_place = figure.contains("line") || figure.contains("page");
        if own == group && is_place && !kinds.contains(&name.as_str()) {
            kinds.push(name);
        }
    }
    kinds
}
