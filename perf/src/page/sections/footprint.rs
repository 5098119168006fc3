//! What a path touches.

use super::{begun, real, uncounted};
use crate::accounting::{Account, Counts};
use crate::names::{name, with_words};
use crate::page::picture::{self, Axis, Bars};
use crate::page::{Drawing, Kind, Run, Section, Table};
use crate::{INTER_IDLE, INTRA_INTER_SPACE, Report};
use anyhow::Result;

const ABOUT: &str = "What each path executes and touches, seen from outside by a plugin of the emulator: instructions of users and of \
    the kernel, loads and stores, distinct cache lines and pages, and what is dear on a real machine and cheap in \
    instructions: locked instructions, loads of CR3, and their like. What is 0 everywhere is left out. A visit is the kernel's \
    from its first instruction to its last, and the figures are the most of any.";

/// Message lengths that are drawn.
const DRAWN: [u32; 3] = [0, 8, 63];

/// What a table is of: its counts, and whether they tell something of a path. A CPU that sends on or serves the next
/// request without a user's instruction in between makes one visit of many messages with strings.
struct Group {
    name: &'static str,
    of: fn(&Account) -> Counts,
    has: fn(&Account) -> bool,
}

const GROUPS: [Group; 3] = [
    Group {
        name: "visit",
        of: |account| account.visit,
        has: |account| account.words.is_some(),
    },
    Group {
        name: "kernel, round trip",
        of: |account| account.kernel,
        has: |_| true,
    },
    Group {
        name: "user, round trip",
        of: |account| account.user,
        has: |_| true,
    },
];

/// A name, and the figure of it.
type Figure = (&'static str, fn(Counts) -> u64);

/// What is drawn.
const PLACES: [Figure; 4] = [
    ("data lines", |counts| counts.data_lines),
    ("data pages", |counts| counts.data_pages),
    ("code lines", |counts| counts.code_lines),
    ("code pages", |counts| counts.code_pages),
];

pub(super) fn section(main: Option<&Run<Report>>) -> Result<Section> {
    let mut section = begun("footprint", "Footprint", ABOUT, main, Kind::Main);
    let Some(run) = main else {
        return Ok(section);
    };
    let Some(accounts) = &run.figures.accounting else {
        section.missing.push(uncounted(Kind::Main));
        return Ok(section);
    };
    if let Some(bars) = picture(accounts) {
        section.drawings.push(Drawing {
            name: "footprint",
            caption: "Distinct cache lines and pages that the kernel touches for a short message: the most of one visit."
                .into(),
            svg: bars.draw()?,
        });
    }
    for group in &GROUPS {
        section.tables.extend(table(accounts, group));
    }
    Ok(section)
}

fn called(account: &Account) -> String {
    with_words(&name(&account.id), account.words)
}

/// Bars for short messages inside a CPU and between two.
fn picture(accounts: &[Account]) -> Option<Bars> {
    let wanted = [INTRA_INTER_SPACE, INTER_IDLE].into_iter();
    let wanted = wanted.flat_map(|id| DRAWN.map(|words| (id, Some(words))));
    let found = |(id, words)| {
        let mut accounts = accounts.iter();
        accounts.find(|account| account.id == id && account.words == words)
    };
    let bar = |count: u64| Some((real(count), count.to_string()));
    let groups: Vec<picture::Group> = wanted
        .filter_map(found)
        .map(|account| picture::Group {
            name: called(account),
            bars: PLACES.map(|(_, of)| bar(of(account.visit))).to_vec(),
        })
        .collect();
    let values = groups.iter().flat_map(|group| group.bars.iter().flatten());
    let most = values.map(|(value, _)| *value).fold(1.0, f64::max);
    (!groups.is_empty()).then(|| Bars {
        across: Axis::from_zero("distinct", most),
        kinds: PLACES.map(|(name, _)| name.to_owned()).to_vec(),
        groups,
    })
}

/// A column for each figure that is not 0 for all paths, a row for each path that has such figures; nothing if there is none.
fn table(accounts: &[Account], group: &Group) -> Option<Table> {
    let rows = accounts.iter().filter(|account| (group.has)(account));
    let rows = rows.map(|account| (account, (group.of)(account).named()));
    let rows: Vec<_> = rows
        .filter(|(_, row)| row.iter().any(|it| it.1 > 0))
        .collect();
    let is_somewhere = |column: &usize| rows.iter().any(|(_, row)| row[*column].1 > 0);
    let names = Counts::default().named().map(|(name, _)| name);
    let columns: Vec<usize> = (0..names.len()).filter(is_somewhere).collect();
    let titles = columns.iter().map(|column| title(names[*column]));
    let titles: Vec<String> = [group.name.to_owned()].into_iter().chain(titles).collect();
    let mut table = Table::new(titles.iter().map(String::as_str));
    for (account, row) in &rows {
        let figures = columns.iter().map(|column| row[*column].1.to_string());
        table.push([called(account)].into_iter().chain(figures));
    }
    (!rows.is_empty()).then_some(table)
}

/// What a figure is called where people read.
fn title(name: &str) -> String {
    match name {
        "cr3_writes" => "writes of CR3".into(),
        "msr_writes" => "WRMSR".into(),
        "invlpg" => "INVLPG".into(),
        "port_io" => "port I/O".into(),
        name => name.replace('_', " "),
    }
}
