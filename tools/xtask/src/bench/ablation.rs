//! `cargo xtask bench --ablation`: what each technique is worth.

use crate::progress::Progress;
use crate::report;
use anyhow::{Context, Result};
use pecan_perf::ablation::{measure, render};
use pecan_perf::page::{self, Kind};
use pecan_vm::{Qemu, Workspace};
use std::fs;
use std::path::Path;

/// Measures kernels without one technique each, prints what that costs, and keeps it for the report, and in `json` if that is
/// wanted.
pub(super) fn run(workspace: &Workspace, qemu: &Qemu, json: Option<&Path>) -> Result<()> {
    let mut progress = Progress::counted();
    let ablation = measure(workspace, qemu, |name, done, total, text| {
        progress.begin(name);
        progress.set(done, total, text);
    })?;
    drop(progress);
    println!("{}", render(&ablation));
    let text = ablation.to_json()?;
    page::save(
        &report::figures(workspace),
        Kind::Ablation,
        &report::command(),
        &text,
    )?;
    if let Some(path) = json {
        fs::write(path, text).with_context(|| format!("{} cannot be written", path.display()))?;
    }
    Ok(())
}
