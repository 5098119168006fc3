//! `cargo xtask test`

mod command;
mod steps;
mod tally;

use crate::progress::Progress;
use crate::setup;
use anyhow::{Result, bail};
use clap::Args;
use pecan_vm::Workspace;
use std::process::ExitCode;
use std::time::Instant;
use steps::Step;
use tally::Tally;

/// Options of `cargo xtask test`.
#[derive(Args)]
pub(crate) struct Options {
    /// Only this step (see the list that a run prints), or only tests whose names contain this
    filter: Option<String>,
    /// Only boot tests on this machine shape, such as x2-4
    #[arg(long)]
    shape: Option<String>,
}

pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<ExitCode> {
    setup::for_tests(workspace)?;
    let steps = steps::select(workspace, options);
    let began = Instant::now();
    let mut total = Tally::default();
    let mut broken = Vec::new();
    let count = steps.len();
    for (index, step) in steps.into_iter().enumerate() {
        let name = step.name;
        eprintln!("[{}/{count}] {name}: {}", index + 1, step.about);
        let tally = carry_out(workspace, step)?;
        eprintln!("      {tally} ({} s so far)", began.elapsed().as_secs());
        if tally.failed > 0 {
            broken.push(name);
        }
        total += tally;
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

fn carry_out(workspace: &Workspace, step: Step) -> Result<Tally> {
    let commands = match step.commands {
        Ok(commands) => commands,
        Err(why) => {
            eprintln!("      skipped: {why}");
            return Ok(Tally {
                skipped: 1,
                ..Tally::default()
            });
        }
    };
    let mut total = Tally::default();
    for mut command in commands {
        let mut progress = Progress::uncounted();
        progress.begin(step.name);
        let log = workspace
            .target()
            .join("test-logs")
            .join(format!("{}.log", step.name));
        let outcome = command::listen(&mut command, &log, |line| progress.say(line))?;
        drop(progress);
        if !outcome.success {
            outcome.show(&log);
        }
        for (reason, count) in outcome.skips() {
            eprintln!("      skipped {count}: {reason}");
        }
        total += outcome.tally;
    }
    Ok(total)
}
