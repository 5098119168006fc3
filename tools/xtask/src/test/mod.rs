//! `cargo xtask test`

mod command;
mod lanes;
mod step;
mod steps;
mod tally;

use crate::setup;
use anyhow::{Result, bail};
use clap::Args;
use pecan_vm::Workspace;
use std::process::ExitCode;
use std::time::Instant;
use step::Step;
use tally::Tally;

/// Options of `cargo xtask test`.
#[derive(Args)]
pub(crate) struct Options {
    /// Only this step (see the list that a run prints), or only tests whose names contain this
    filter: Option<String>,
    /// Only boot tests on this machine shape, such as x2-4
    #[arg(long)]
    shape: Option<String>,
    /// Let processors of the boot tests' machines stand still now and then, as on a busy host
    #[arg(long)]
    stalls: bool,
}

pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<ExitCode> {
    setup::for_tests(workspace)?;
    let steps = steps::select(workspace, options);
    let began = Instant::now();
    let mut total = Tally::default();
    let mut broken = Vec::new();
    let count = steps.len();
    let mut number = 0;
    let logs = workspace.target().join("test-logs");
    for group in together(steps) {
        for step in &group {
            number += 1;
            eprintln!("[{number}/{count}] {}: {}", step.name, step.about);
        }
        lanes::carry_out(&logs, group, |name, tally| {
            let seconds = began.elapsed().as_secs();
            eprintln!("      {name}: {tally} ({seconds} s so far)");
            if tally.failed > 0 {
                broken.push(name);
            }
            total += tally;
        })?;
    }
    if !broken.is_empty() {
        println!("failed: {} (their output is above)", broken.join(", "));
    }
    let asked: Vec<&str> = options
        .shape
        .iter()
        .chain(&options.filter)
        .map(String::as_str)
        .collect();
    if !asked.is_empty() && total.passed + total.failed == 0 {
        bail!("no test was run: nothing matches {}", asked.join(" and "));
    }
    // The last line, alone: other programs read it.
    println!("{total}");
    Ok(if total.failed > 0 {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

/// Each step with those that run beside it.
fn together(steps: Vec<Step>) -> Vec<Vec<Step>> {
    let mut groups: Vec<Vec<Step>> = Vec::new();
    for step in steps {
        match groups.last_mut() {
            Some(group) if step.is_beside => group.push(step),
            _ => groups.push(vec![step]),
        }
    }
    groups
}
