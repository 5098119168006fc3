//! `cargo xtask stress`

use crate::{progress::Progress, setup};
use anyhow::{Context, Result, bail};
use clap::Args;
use pecan_vm::Workspace;
use pecan_vm::stress::{self, Outcome, Plan};
use serde_json::{Value, json};
use std::fs;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

/// Options of `cargo xtask stress`.
#[derive(Args)]
pub(crate) struct Options {
    /// Start of the random numbers; the same seed makes the same work [default: from the clock]
    #[arg(long)]
    seed: Option<u64>,
    /// How long the work goes on, in seconds
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..))]
    seconds: u32,
    /// Number of processors
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=288))]
    cpus: u32,
    /// Write what was counted as JSON, too
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<()> {
    if let Some(path) = &options.json {
        // Better now than after the work.
        fs::write(path, "").with_context(|| format!("{} cannot be written", path.display()))?;
    }
    let qemu = setup::needed(workspace)?;
    let seed = options.seed.unwrap_or_else(seed_from_clock);
    let plan = Plan {
        seed,
        seconds: options.seconds,
        cpus: options.cpus,
    };
    eprintln!("seed {seed}");
    let mut progress = Progress::counted();
    progress.begin("stress");
    let outcome = stress::run(workspace, &qemu, plan, |done, total, text| {
        progress.set(done, total, text)
    })?;
    drop(progress);
    if let Some(path) = &options.json {
        let text = serde_json::to_string_pretty(&as_json(plan, &outcome))?;
        fs::write(path, text + "\n")
            .with_context(|| format!("{} cannot be written", path.display()))?;
    }
    for counts in &outcome.counts {
        println!("{counts}");
    }
    if let Some(wrong) = outcome.wrong {
        println!("{}", outcome.story.tail());
        bail!(
            "seed {seed}: {wrong}\nagain: cargo xtask stress --seed {seed} --seconds {} --cpus {}",
            plan.seconds,
            plan.cpus
        );
    }
    println!(
        "seed {seed}: {} s on {} CPUs, nothing wrong",
        plan.seconds, plan.cpus
    );
    Ok(())
}

fn as_json(plan: Plan, outcome: &Outcome) -> Value {
    let counts: Vec<Value> = outcome
        .counts
        .iter()
        .map(|text| serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.clone())))
        .collect();
    json!({
        "schema": 1,
        "seed": plan.seed,
        "seconds": plan.seconds,
        "cpus": plan.cpus,
        "ok": outcome.wrong.is_none(),
        "wrong": outcome.wrong,
        "counts": counts,
    })
}

/// A seed for whoever names none.
pub(crate) fn seed_from_clock() -> u64 {
    // A clock before 1970 gives seed 0, which is as good as any.
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |time| time.as_millis() as u64)
}
