//! What the report tells, from the smallest message to other systems.

mod ablation;
mod copy;
mod figures;
mod footprint;
mod long;
mod operations;
mod peers;
mod ratios;
mod scaling;
mod short;

use super::{Kind, Run, Runs, Section};
use crate::Report;
use anyhow::Result;
use figures::{dash, decimals, lengths, numbered, one_way, over, real, round_trip, whole};

/// The drawing that says most.
pub const MAIN_DRAWING: &str = "short-messages";

/// All sections, each with the figures that are there.
///
/// # Errors
/// When a picture cannot be drawn.
pub fn sections(runs: &Runs) -> Result<Vec<Section>> {
    let main = runs.main.as_ref();
    let mut sections = vec![
        short::section(main)?,
        long::section(main)?,
        ratios::section(main)?,
        operations::section(main),
        scaling::section(main)?,
    ];
    if let Some(Report { qemu, cpus, .. }) = main.map(|run| &run.figures) {
        for section in &mut sections {
            section.about += &format!(" On QEMU {qemu}, CPUs: {cpus}.");
        }
    }
    sections.extend([
        footprint::section(main)?,
        peers::section(runs.peers.as_ref())?,
        ablation::section(runs.ablation.as_ref())?,
        copy::section(runs.ablation.as_ref())?,
    ]);
    Ok(sections)
}

/// A section with its words and no figures yet.
fn begun<T>(
    name: &'static str,
    title: &'static str,
    about: &str,
    run: Option<&Run<T>>,
    kind: Kind,
) -> Section {
    let missing = format!("Not measured yet: `{}` does it.", kind.command());
    Section {
        name,
        title,
        about: about.into(),
        commands: run.map(|run| run.command.clone()).into_iter().collect(),
        missing: if run.is_none() {
            vec![missing]
        } else {
            Vec::new()
        },
        ..Section::default()
    }
}

/// Why a run has no figures of what is touched.
fn uncounted(kind: Kind) -> String {
    format!(
        "Not there: `{}` counts it where QEMU takes plugins, from 9.1 on, and the last run had another.",
        kind.command()
    )
}

#[cfg(test)]
mod tests;
