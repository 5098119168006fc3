//! Other systems, beside this kernel's own figures.

use super::{begun, dash, decimals, over, real, round_trip, whole};
use crate::page::picture::{Axis, Bars, Group};
use crate::page::{Drawing, Kind, Run, Section, Table};
use crate::peers::Peer;
use crate::{Report, Row};
use anyhow::Result;

const ABOUT: &str = "What other systems need for the same work in the same emulator, measured in the same way: round trips. Pecan's \
    figure is that of its shortest message that holds as much. Ratios are theirs over Pecan's.";

/// The end of the ids of round trips inside one CPU between two spaces.
const DRAWN: &str = ".intra.inter-space";

/// Longest message in words that Pecan's row may have to be drawn.
const SHORT: u32 = 63;

pub(super) fn section(run: Option<&Run<Report>>) -> Result<Section> {
    let mut section = begun("peers", "Peers", ABOUT, run, Kind::Peers);
    let Some(report) = run.map(|run| &run.figures) else {
        return Ok(section);
    };
    let peers = report.peers.iter();
    for peer in peers.clone().filter(|peer| !peer.rows.is_empty()) {
        section.tables.push(table(peer, report));
    }
    if let Some(bars) = peers.clone().find_map(|peer| picture(peer, report)) {
        section.drawings.push(Drawing {
            name: "peers",
            caption: "Instructions of a round trip between two spaces on one CPU.".into(),
            svg: bars.draw()?,
        });
    }
    Ok(section)
}

fn table(peer: &Peer, report: &Report) -> Table {
    let name = format!("{}, {}", peer.system, peer.configuration.name());
    let mut table = Table::new([
        name.as_str(),
        "words",
        "instr.",
        "Pecan",
        "ratio",
        "ns min",
        "Pecan",
        "ratio",
    ]);
    for row in &peer.rows {
        let own = ours(report, row);
        let (count, own_count) = (round_trip(Some(row)), round_trip(own));
        let own_time = own.and_then(Row::min_ns);
        table.push([
            row.id.clone(),
            row.words.map_or_else(dash, |words| words.to_string()),
            whole(count),
            whole(own_count),
            decimals(over(count.map(real), own_count.map(real)), 1),
            decimals(row.min_ns(), 0),
            decimals(own_time, 0),
            decimals(over(row.min_ns(), own_time), 1),
        ]);
    }
    table
}

/// This kernel's row of the same place, of the shortest message with at least as many words.
fn ours<'a>(report: &'a Report, row: &Row) -> Option<&'a Row> {
    let Some(words) = row.words else {
        return report.row(&row.id, None);
    };
    let (_, place) = row.id.split_once('.')?;
    report.shortest(&format!("ipc.{place}"), words)
}

/// The shortest messages of each mechanism between two spaces of one CPU, below this kernel's.
fn picture(peer: &Peer, report: &Report) -> Option<Bars> {
    let short =
        |row: &&Row| row.id.ends_with(DRAWN) && row.words.is_some_and(|words| words <= SHORT);
    let rows = peer.rows.iter().filter(short);
    let words = rows.clone().filter_map(|row| row.words).min()?;
    let theirs = rows.filter(|row| row.words == Some(words));
    let own = ours(report, theirs.clone().next()?);
    let own = own.map(|row| ("Pecan".to_owned(), row));
    let theirs = theirs.map(|row| {
        let mechanism = row.id.trim_end_matches(DRAWN);
        (format!("{}, {mechanism}", peer.system), row)
    });
    let groups: Vec<Group> = own
        .into_iter()
        .chain(theirs)
        .filter_map(|(name, row)| {
            let count = round_trip(Some(row))?;
            let bars = vec![Some((real(count), count.to_string()))];
            Some(Group { name, bars })
        })
        .collect();
    let counts = groups.iter().flat_map(|group| group.bars.iter().flatten());
    let counts = counts.map(|(count, _)| *count);
    let label = format!("instructions, round trip, words: {words}");
    Some(Bars {
        across: Axis::from_zero(&label, counts.fold(1.0, f64::max)),
        kinds: Vec::new(),
        groups,
    })
}
