//! `cargo xtask fuzz`

use crate::{progress::Progress, setup};
use anyhow::{Result, bail};
use clap::Args;
use pecan_vm::fuzz::{self, Plan};
use pecan_vm::{Timing, Workspace};

/// Options of `cargo xtask fuzz`.
#[derive(Args)]
pub(crate) struct Options {
    /// Start of the random numbers; the same seed makes the same run, but for --parallel [default: from the clock]
    #[arg(long)]
    seed: Option<u64>,
    /// How many system calls, faults and exceptions, in all threads
    #[arg(long, default_value_t = 200_000, value_parser = clap::value_parser!(u64).range(1..))]
    steps: u64,
    /// Number of processors
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=288))]
    cpus: u32,
    /// Let the processors run at the same time: that finds races, but no run is like another
    #[arg(long)]
    parallel: bool,
}

pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<()> {
    let qemu = setup::needed(workspace)?;
    let seed = options.seed.unwrap_or_else(crate::stress::seed_from_clock);
    let plan = Plan {
        seed,
        steps: options.steps,
        cpus: options.cpus,
        timing: if options.parallel {
            Timing::Parallel
        } else {
            Timing::Deterministic
        },
    };
    eprintln!("seed {seed}");
    let mut progress = Progress::counted();
    progress.begin("fuzz");
    let outcome = fuzz::run(workspace, &qemu, plan, |done, total, text| {
        progress.set(done, total, text)
    })?;
    drop(progress);
    if let Some(wrong) = outcome.wrong {
        println!("{}", outcome.story.tail());
        let parallel = if options.parallel { " --parallel" } else { "" };
        bail!(
            "seed {seed}: {wrong}\nagain: cargo xtask fuzz --seed {seed} --steps {} --cpus {}{parallel}",
            plan.steps,
            plan.cpus
        );
    }
    println!(
        "seed {seed}, {} CPUs: {}; the kernel serves as before",
        plan.cpus,
        outcome.done.unwrap_or_default()
    );
    Ok(())
}
