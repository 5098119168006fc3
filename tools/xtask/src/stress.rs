//! `cargo xtask stress`

use crate::{progress::Progress, setup};
use anyhow::{Context, Result, bail};
use clap::Args;
use clap::builder::PossibleValuesParser;
use pecan_vm::stress::{self, FAULTS, KINDS, Outcome, Plan};
use pecan_vm::{Timing, Workspace};
use serde_json::{Value, json};
use std::fs;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

/// Options of `cargo xtask stress`.
#[derive(Args)]
#[command(after_help = AFTER)]
pub(crate) struct Options {
    /// Start of the random numbers; the same seed makes the same work [default: from the clock]
    #[arg(long)]
    seed: Option<u64>,
    /// How long the work goes on, in seconds of the machine's time
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..))]
    seconds: u32,
    /// End after so many operations, if that comes first
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..))]
    steps: Option<u64>,
    /// Number of processors
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=288))]
    cpus: u32,
    /// Kinds of work, with commas between them [default: all]
    #[arg(long, value_delimiter = ',', value_name = "KINDS", hide_possible_values = true,
          value_parser = PossibleValuesParser::new(KINDS))]
    mix: Vec<String>,
    /// Let the machine be a bad one: late interrupts between CPUs (ipi), CPUs that stand still (hold) [default if
    /// no kind is named: both]
    #[arg(long, value_delimiter = ',', value_name = "KINDS", num_args = 0..=1, hide_possible_values = true,
          default_missing_value = "ipi,hold", value_parser = PossibleValuesParser::new(FAULTS))]
    faults: Vec<String>,
    /// Let the host be a bad one: processors stand still for a moment
    #[arg(long, conflicts_with = "icount")]
    stalls: bool,
    /// Count time in instructions, one CPU after the other: the same seed makes exactly the same run
    #[arg(long)]
    icount: bool,
    /// Write what was counted as JSON, too
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

const AFTER: &str = "\
Kinds of work:
  ipc       messages of a few words; always there
  long      messages with strings whose pages are missing on both sides
  cancel    ExchangeRegisters on threads that wait
  abort     ExchangeRegisters on threads whose strings are on their way
  priority  other priorities and time slices
  migrate   other CPUs, existing or not, for others and for oneself
  kill      threads are deleted, and made again under the same number
  unmap     pages are taken away while they are used
  irq       a device's interrupts
  storm     threads on all CPUs make, delete, move and abort the same few others

Whatever fails is told with the command that runs it again; only with --icount that is exactly the same run.";

pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<()> {
    if let Some(path) = &options.json {
        // Better now than after the work.
        fs::write(path, "").with_context(|| format!("{} cannot be written", path.display()))?;
    }
    let mut qemu = setup::needed(workspace)?;
    if options.stalls {
        qemu.stall();
    }
    let plan = options.plan();
    let seed = plan.seed;
    eprintln!("seed {seed}");
    let mut progress = Progress::counted();
    progress.begin("stress");
    let outcome = stress::run(workspace, &qemu, &plan, |done, total, text| {
        progress.set(done, total, text)
    })?;
    drop(progress);
    if let Some(path) = &options.json {
        let text = serde_json::to_string_pretty(&as_json(&plan, &outcome))?;
        fs::write(path, text + "\n")
            .with_context(|| format!("{} cannot be written", path.display()))?;
    }
    for counts in &outcome.counts {
        println!("{counts}");
    }
    if let Some(wrong) = outcome.wrong {
        println!("{}", outcome.story.tail());
        bail!(
            "seed {seed}: {wrong}\n{}",
            again(&plan, qemu.stalls().is_some())
        );
    }
    if let Some(stalls) = qemu.stalls() {
        stalls.check()?;
        println!("{stalls}");
    }
    println!(
        "seed {seed}: {} s on {} CPUs, nothing wrong",
        plan.seconds, plan.cpus
    );
    Ok(())
}

impl Options {
    fn plan(&self) -> Plan {
        let seed = self.seed.unwrap_or_else(seed_from_clock);
        let mut plan = Plan {
            steps: self.steps,
            faults: self.faults.clone(),
            ..Plan::new(seed, self.seconds, self.cpus)
        };
        if !self.mix.is_empty() {
            plan.mix.clone_from(&self.mix);
        }
        if self.icount {
            plan.timing = Timing::Deterministic;
        }
        plan
    }
}

/// How to run it again.
fn again(plan: &Plan, stalls: bool) -> String {
    let mut command = format!(
        "cargo xtask stress --seed {} --seconds {} --cpus {}",
        plan.seed, plan.seconds, plan.cpus
    );
    if let Some(steps) = plan.steps {
        command += &format!(" --steps {steps}");
    }
    if plan.mix != KINDS {
        command += &format!(" --mix {}", plan.mix.join(","));
    }
    if !plan.faults.is_empty() {
        command += &format!(" --faults {}", plan.faults.join(","));
    }
    if stalls {
        command += " --stalls";
    }
    match plan.timing {
        Timing::Deterministic => format!("again, exactly: {command} --icount"),
        Timing::Parallel => {
            format!("again: {command}\n(the same work; the same run only where --icount was given)")
        }
    }
}

fn as_json(plan: &Plan, outcome: &Outcome) -> Value {
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
        "mix": plan.mix,
        "faults": plan.faults,
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

#[cfg(test)]
mod tests {
    use super::again;
    use pecan_vm::Timing;
    use pecan_vm::stress::Plan;

    #[test]
    fn the_command_that_runs_it_again() {
        let plan = Plan::new(7, 30, 4);
        let command = "cargo xtask stress --seed 7 --seconds 30 --cpus 4";
        assert!(again(&plan, false).starts_with(&format!("again: {command}\n")));
        assert!(again(&plan, true).starts_with(&format!("again: {command} --stalls\n")));
        let plan = Plan {
            steps: Some(5),
            mix: vec!["long".into(), "kill".into()],
            faults: vec!["ipi".into()],
            timing: Timing::Deterministic,
            ..plan
        };
        assert_eq!(
            again(&plan, false),
            format!("again, exactly: {command} --steps 5 --mix long,kill --faults ipi --icount")
        );
    }
}
