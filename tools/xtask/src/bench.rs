//! `cargo xtask bench`

use crate::{progress::Progress, report, setup};
use anyhow::{Context, Result};
use clap::Args;
use pecan_perf::page::{self, Kind};
use pecan_perf::{Pass, Wish, measure, render};
use pecan_vm::Workspace;
use std::fs;
use std::path::PathBuf;

/// Options of `cargo xtask bench`.
#[derive(Args)]
pub(crate) struct Options {
    /// Fewer rounds and message lengths
    #[arg(long)]
    quick: bool,
    /// Number of processors; with one there are no figures between CPUs
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=288))]
    cpus: u32,
    /// Write the figures as JSON, too
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<()> {
    if let Some(path) = &options.json {
        // Better now than after the work.
        fs::write(path, "").with_context(|| format!("{} cannot be written", path.display()))?;
    }
    let qemu = setup::needed(workspace)?;
    let mut progress = Progress::counted();
    let wish = Wish {
        quick: options.quick,
        cpus: options.cpus,
    };
    let measured = measure(workspace, &qemu, wish, |pass, done, total, text| {
        progress.begin(match pass {
            Pass::Counting => "counting",
            Pass::Timing => "timing",
        });
        progress.set(done, total, text);
    })?;
    drop(progress);
    println!("{}", render(&measured));
    let json = measured.to_json()?;
    page::save(
        &report::figures(workspace),
        Kind::Main,
        &report::command(),
        &json,
    )?;
    if let Some(path) = &options.json {
        fs::write(path, json).with_context(|| format!("{} cannot be written", path.display()))?;
    }
    Ok(())
}
