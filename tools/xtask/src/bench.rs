//! `cargo xtask bench`

mod peers;

use crate::{progress::Progress, setup};
use anyhow::{Context, Result};
use clap::Args;
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
    /// Boot the distribution's Linux in the same emulator, too, and compare
    #[arg(long)]
    peers: bool,
}

pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<()> {
    if let Some(path) = &options.json {
        // Better now than after the work.
        fs::write(path, "").with_context(|| format!("{} cannot be written", path.display()))?;
    }
    let qemu = setup::needed(workspace)?;
    let linux = options.peers.then(|| peers::kernel(workspace)).flatten();
    let mut progress = Progress::counted();
    let wish = Wish {
        quick: options.quick,
        cpus: options.cpus,
    };
    let mut report = measure(workspace, &qemu, wish, |pass, done, total, text| {
        progress.begin(match pass {
            Pass::Counting => "counting",
            Pass::Timing => "timing",
        });
        progress.set(done, total, text);
    })?;
    drop(progress);
    println!("{}", render(&report));
    // What Pecan itself costs is told even if this fails.
    let compared = linux.map_or(Ok(()), |linux| {
        peers::add(workspace, &qemu, wish, &linux, &mut report)
    });
    if options.peers {
        peers::show(&report)?;
    }
    if let Some(path) = &options.json {
        fs::write(path, report.to_json()?)
            .with_context(|| format!("{} cannot be written", path.display()))?;
    }
    compared
}
