//! `cargo xtask bench`

mod ablation;
mod peers;

use crate::{progress::Progress, report, setup};
use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use pecan_perf::accounting::{self, Order, Outcome, account};
use pecan_perf::page::{self, Kind};
use pecan_perf::{Pass, Wish, measure, render};
use pecan_vm::names::Names;
use pecan_vm::programs::{self, Profile};
use pecan_vm::{Qemu, Workspace};
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
    /// Only list the cache lines that the kernel touches in this row, such as ipc.intra.inter-space
    #[arg(long, value_name = "ROW", conflicts_with_all = ["quick", "json", "peers"])]
    footprint: Option<String>,
    /// Only measure kernels that lack one technique each: what is it worth?
    #[arg(long, conflicts_with_all = ["quick", "cpus", "peers", "footprint"])]
    ablation: bool,
}

pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<()> {
    if let Some(path) = &options.json {
        // Better now than after the work.
        fs::write(path, "").with_context(|| format!("{} cannot be written", path.display()))?;
    }
    let qemu = setup::needed(workspace)?;
    if options.ablation {
        return ablation::run(workspace, &qemu, options.json.as_deref());
    }
    if let Some(row) = &options.footprint {
        return footprint(workspace, &qemu, options.cpus, row);
    }
    let linux = options.peers.then(|| peers::kernel(workspace)).flatten();
    let mut progress = Progress::counted();
    let wish = Wish {
        quick: options.quick,
        cpus: options.cpus,
    };
    let mut measured = measure(workspace, &qemu, wish, |pass, done, total, text| {
        progress.begin(match pass {
            Pass::Counting => "counting",
            Pass::Timing => "timing",
        });
        progress.set(done, total, text);
    })?;
    let order = Order {
        cpus: options.cpus,
        ids: &[],
        lines: false,
    };
    let outcome = account(workspace, &qemu, order, |done, total, text| {
        progress.begin("accounting");
        progress.set(done, total, text);
    })?;
    drop(progress);
    println!("{}\n", render(&measured));
    match outcome {
        Outcome::Counted(counted) => {
            println!("{}", accounting::render(&counted.accounts));
            measured.accounting = Some(counted.accounts);
        }
        Outcome::Unfit(why) => println!("What the rows touch is not counted: {why}"),
    }
    // What Pecan itself costs is told even if this fails.
    let compared = linux.map_or(Ok(()), |linux| {
        peers::add(workspace, &qemu, wish, &linux, &mut measured)
    });
    if options.peers {
        peers::show(&measured)?;
    }
    let json = measured.to_json()?;
    let figures = report::figures(workspace);
    page::save(&figures, Kind::Main, &report::command(), &json)?;
    if !measured.peers.is_empty() {
        // The next run without them leaves these where they are.
        page::save(&figures, Kind::Peers, &report::command(), &json)?;
    }
    if let Some(path) = &options.json {
        fs::write(path, json).with_context(|| format!("{} cannot be written", path.display()))?;
    }
    compared
}

/// Prints the cache lines of a row instead of measuring.
fn footprint(workspace: &Workspace, qemu: &Qemu, cpus: u32, row: &str) -> Result<()> {
    let order = Order {
        cpus,
        ids: &[row],
        lines: true,
    };
    let outcome = account(workspace, qemu, order, |_, _, _| {});
    let accounts = match outcome.with_context(|| format!("{row} cannot be counted"))? {
        Outcome::Counted(counted) => counted.accounts,
        Outcome::Unfit(why) => bail!("{why}"),
    };
    ensure!(
        !accounts.is_empty(),
        "{row} has no account: its figure is taken by the kernel, or by several CPUs at once"
    );
    let names = Names::read(&programs::kernel(workspace, Profile::Release)?)?;
    for account in &accounts {
        println!("{}", accounting::describe(account, &names));
    }
    Ok(())
}
