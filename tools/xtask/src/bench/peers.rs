//! `cargo xtask bench --peers`: Linux beside Pecan.

use crate::progress::Progress;
use crate::setup;
use anyhow::Result;
use pecan_perf::peers::{self, Kernel};
use pecan_perf::{Pass, Report, Wish};
use pecan_vm::{Qemu, Workspace};

/// The kernel to compare with; if it cannot be had, says why and what to do.
pub(super) fn kernel(workspace: &Workspace) -> Option<Kernel> {
    setup::linux(workspace)
        .inspect_err(|error| {
            eprintln!("peers: {error:#}");
            eprintln!("peers: messages on Linux are not measured, everything else is");
        })
        .ok()
}

/// Measures Linux and adds it to `report`.
pub(super) fn add(
    workspace: &Workspace,
    qemu: &Qemu,
    wish: Wish,
    kernel: &Kernel,
    report: &mut Report,
) -> Result<()> {
    let mut progress = Progress::counted();
    report.peers = peers::measure(workspace, qemu, wish, kernel, |pass, done, total, text| {
        progress.begin(match pass {
            Pass::Counting => "peers, count",
            Pass::Timing => "peers, time",
        });
        progress.set(done, total, text);
    })?;
    Ok(())
}

/// Prints the figures of others beside Pecan's, and those that are only quoted.
pub(super) fn show(report: &Report) -> Result<()> {
    if !report.peers.is_empty() {
        println!("\n{}", peers::render(report));
    }
    println!("\n{}", peers::published(report)?);
    Ok(())
}
