//! `cargo xtask report`

use anyhow::{Context, Result};
use clap::Args;
use pecan_perf::page::{self, Kind, Runs};
use pecan_vm::Workspace;
use std::path::{Path, PathBuf};
use std::{env, fs};

/// Options of `cargo xtask report`.
#[derive(Args)]
pub(crate) struct Options {
    /// The HTML page; beside it comes a summary with the ending `.md` [default: report.html in the target folder]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Write the main picture, which is that of the README, as a file of its own, too
    #[arg(long, value_name = "FILE")]
    picture: Option<PathBuf>,
}

pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<()> {
    let runs = Runs::load(&figures(workspace))?;
    let sections = page::sections(&runs)?;
    if let Some(path) = &options.picture {
        let mut drawings = sections.iter().flat_map(|section| &section.drawings);
        let main = drawings
            .find(|drawing| drawing.name == page::MAIN_DRAWING)
            .with_context(|| format!("there is no picture yet: `{}`", Kind::Main.command()))?;
        write(path, &page::standalone(&main.svg))?;
    }
    let out = options.out.clone();
    let out = out.unwrap_or_else(|| workspace.target().join("report.html"));
    write(&out, &page::html(&sections))?;
    write(&out.with_extension("md"), &page::markdown(&sections))?;
    for section in &sections {
        for sentence in &section.missing {
            println!("{}: {sentence}", section.title);
        }
    }
    Ok(())
}

/// Where the last run of each kind leaves its figures.
pub(crate) fn figures(workspace: &Workspace) -> PathBuf {
    workspace.target().join("bench")
}

/// The command that runs now, as it is typed.
pub(crate) fn command() -> String {
    let words = env::args().skip(1);
    ["cargo".to_owned(), "xtask".to_owned()]
        .into_iter()
        .chain(words)
        .collect::<Vec<_>>()
        .join(" ")
}

fn write(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).with_context(|| format!("{} cannot be written", path.display()))?;
    println!("{}", path.display());
    Ok(())
}
