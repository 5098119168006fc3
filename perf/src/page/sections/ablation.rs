//! What each technique is worth: the kernel without it.

use super::{begun, decimals};
use crate::ablation::{Ablation, Pair, Removed, TOUCHED, touched};
use crate::page::picture::{Axis, Bars, Group};
use crate::page::{Drawing, Kind, Run, Section, Table};
use anyhow::Result;

const ABOUT: &str = "Kernels that lack one technique each, all else being equal: instructions of a message of 8 bytes and of \
    one of 4 KiB, and how much more that is than the kernel as it is needs.";

pub(super) fn section(run: Option<&Run<Ablation>>) -> Result<Section> {
    let title = "What removing a technique costs";
    let mut section = begun("ablation", title, ABOUT, run, Kind::Ablation);
    let Some(removed) = run.map(|run| &run.figures.ablation) else {
        return Ok(section);
    };
    section.drawings.push(Drawing {
        name: "ablation",
        caption: "Instructions more, in percent of the kernel as it is, without each technique."
            .into(),
        svg: picture(removed).draw()?,
    });
    section.tables.extend([costs(removed), touches(removed)]);
    Ok(section)
}

fn picture(removed: &[Removed]) -> Bars {
    let bar = |pair: Pair<u64>| {
        let percent = pair.percent_more();
        Some((percent, format!("{percent:+.1} %")))
    };
    let groups: Vec<Group> = removed
        .iter()
        .map(|removed| Group {
            name: removed.technique.clone(),
            bars: vec![bar(removed.words8), bar(removed.bytes4096)],
        })
        .collect();
    let values = groups.iter().flat_map(|group| group.bars.iter().flatten());
    let values = values.map(|(percent, _)| *percent);
    let (least, most) = (
        values.clone().fold(0.0, f64::min),
        values.fold(1.0, f64::max),
    );
    Bars {
        across: Axis::around_zero("instructions more, %", least, most),
        kinds: vec!["8 bytes".into(), "4 KiB".into()],
        groups,
    }
}

fn costs(removed: &[Removed]) -> Table {
    let mut table = Table::new([
        "technique",
        "without it",
        "8 bytes",
        "without",
        "more, %",
        "4 KiB",
        "without",
        "more, %",
    ]);
    for removed in removed {
        let figures = |pair: Pair<u64>| {
            let more = decimals(Some(pair.percent_more()), 1);
            [pair.base.to_string(), pair.without.to_string(), more]
        };
        let names = [removed.technique.clone(), removed.without.clone()];
        let short = figures(removed.words8);
        table.push(
            names
                .into_iter()
                .chain(short)
                .chain(figures(removed.bytes4096)),
        );
    }
    table
}

/// What takes no instruction shows here.
fn touches(removed: &[Removed]) -> Table {
    let titles = ["8 bytes, there and back"].into_iter().chain(TOUCHED);
    let mut table = Table::new(titles);
    for removed in removed {
        table.push(
            [removed.technique.clone()]
                .into_iter()
                .chain(touched(removed)),
        );
    }
    table
}
