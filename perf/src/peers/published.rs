//! Figures of other kernels that are quoted, not measured.

use crate::cells::{lines, plain, right};
use crate::{INTER_IDLE, INTRA_INTER_SPACE, INTRA_SAME_SPACE, Report};
use anyhow::{Context, Result};
use serde::Deserialize;
use std::collections::BTreeMap;

/// Message lengths of the table, in words.
const WORDS: [u32; 6] = [0, 4, 7, 8, 16, 63];

/// `perf/published.toml`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Published {
    sources: Vec<String>,
    instructions: Vec<Instructions>,
    cycles: Vec<Cycles>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Instructions {
    system: String,
    one_way: BTreeMap<String, String>,
    source: usize,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Cycles {
    system: String,
    one_way: u32,
    source: usize,
}

impl Published {
    fn own() -> Result<Self> {
        toml::from_str(include_str!("../../published.toml")).context("perf/published.toml")
    }
}

/// Draws the table, at most 100 columns wide, with the figures of `report` as its first rows.
///
/// # Errors
/// When `perf/published.toml` was not valid when this was built.
pub fn render(report: &Report) -> Result<String> {
    let published = Published::own()?;
    let mut table = plain(line(
        "one way",
        WORDS.map(|words| words.to_string()),
        "source",
    ));
    for (id, name) in [
        (INTRA_INTER_SPACE, "Pecan, SMP"),
        (INTRA_SAME_SPACE, "Pecan, SMP, one space"),
        (INTER_IDLE, "Pecan, SMP, two CPUs"),
    ] {
        let counts = WORDS.map(|words| report.row(id, Some(words))?.instructions_one_way);
        if counts.iter().any(Option::is_some) {
            let texts =
                counts.map(|count| count.map_or_else(String::new, |count| count.to_string()));
            table.add_row(right(line(name, texts, "here")));
        }
    }
    for row in &published.instructions {
        let texts = WORDS.map(|words| row.one_way.get(&words.to_string()).cloned());
        let texts = texts.map(Option::unwrap_or_default);
        table.add_row(right(line(
            &row.system,
            texts,
            &format!("[{}]", row.source),
        )));
    }
    let cycles: Vec<String> = published
        .cycles
        .iter()
        .map(|row| format!("    {}: {} [{}]", row.system, row.one_way, row.source))
        .collect();
    let sources: Vec<String> = published
        .sources
        .iter()
        .enumerate()
        .map(|(index, source)| format!("[{}] {source}", index + 1))
        .collect();
    Ok(format!(
        "Figures of others, not measured by this command: instructions of a message one way, by words\n\n{}\n\n\
         Cycles one way, short message, on processors\n{}\n\n{}",
        lines(&table),
        cycles.join("\n"),
        sources.join("\n")
    ))
}

fn line(name: &str, figures: [String; WORDS.len()], source: &str) -> Vec<String> {
    let mut texts = vec![name.to_owned()];
    texts.extend(figures);
    texts.push(source.to_owned());
    texts
}

#[cfg(test)]
mod tests {
    use super::{Published, WORDS, render};
    use crate::Report;

    fn nothing() -> Report {
        Report {
            schema: 1,
            qemu: "10.0.2".into(),
            cpus: 2,
            accounting: None,
            rows: Vec::new(),
            peers: Vec::new(),
        }
    }

    #[test]
    fn every_figure_has_its_place_and_its_source() {
        let published = Published::own().expect("the file");
        let sources = published
            .instructions
            .iter()
            .map(|row| row.source)
            .chain(published.cycles.iter().map(|row| row.source));
        for source in sources {
            assert!((1..=published.sources.len()).contains(&source), "{source}");
        }
        for row in &published.instructions {
            for words in row.one_way.keys() {
                assert!(
                    WORDS.map(|words| words.to_string()).contains(words),
                    "{row:?}"
                );
            }
        }
    }

    #[test]
    fn fits_the_terminal() {
        let text = render(&nothing()).expect("the file");
        for line in text.lines() {
            assert!(line.chars().count() <= 100, "{line}");
        }
        assert!(text.contains("1411") && text.contains("[5]"), "{text}");
    }
}
