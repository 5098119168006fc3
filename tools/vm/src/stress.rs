//! A stress run: the debug kernel under seeded random work.

use crate::programs::{self, Profile};
use crate::report::{self, Report};
use crate::{End, Exit, Machine, Payload, Qemu, Story, Timing, Workspace, payload};
use anyhow::Result;
use std::ops::ControlFlow;

/// Timer tick during the run in microseconds: short, so that preemption comes everywhere.
const TICK_MICROS: u32 = 200;

/// The kinds of work and of interference, as the program names them.
pub const KINDS: [&str; 10] = [
    "ipc", "long", "cancel", "abort", "priority", "migrate", "kill", "unmap", "irq", "storm",
];

/// What the machine does to the kernel, as the kernel's command line names it.
pub const FAULTS: [&str; 2] = ["ipi", "hold"];

/// What to run.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Start of the random numbers: the same seed makes the same work, on a deterministic machine the same run.
    pub seed: u64,
    /// How long the work goes on, in seconds of the machine's time.
    pub seconds: u32,
    /// After how many operations it ends, if not before.
    pub steps: Option<u64>,
    /// Number of processors.
    pub cpus: u32,
    /// The kinds of work, of [`KINDS`].
    pub mix: Vec<String>,
    /// The faults, of [`FAULTS`].
    pub faults: Vec<String>,
    /// How the machine's time goes.
    pub timing: Timing,
}

impl Plan {
    /// All kinds of work on a machine without faults, in parallel.
    pub fn new(seed: u64, seconds: u32, cpus: u32) -> Self {
        Self {
            seed,
            seconds,
            steps: None,
            cpus,
            mix: KINDS.map(String::from).to_vec(),
            faults: Vec::new(),
            timing: Timing::Parallel,
        }
    }

    /// The kernel's command line and, behind it, the program's.
    fn command_line(&self) -> String {
        let mut line = format!("tick={TICK_MICROS}");
        if !self.faults.is_empty() {
            line += &format!(
                " faults={} faults.seed={}",
                self.faults.join(","),
                self.seed
            );
        }
        line += &format!(
            " -- seed={} seconds={} mix={}",
            self.seed,
            self.seconds,
            self.mix.join(",")
        );
        if let Some(steps) = self.steps {
            line += &format!(" steps={steps}");
        }
        line
    }
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The first wrong thing, or none.
    pub wrong: Option<String>,
    /// What the program counted, as it printed it: JSON objects.
    pub counts: Vec<String>,
    /// Everything the machine said.
    pub story: Story,
}

/// Builds what is needed, runs the plan and listens; `progress` gets seconds done, seconds in all, and a text.
///
/// # Errors
/// When something does not build or QEMU does not start. What goes wrong in the machine is in the outcome.
pub fn run(
    workspace: &Workspace,
    qemu: &Qemu,
    plan: &Plan,
    mut progress: impl FnMut(u64, u64, &str),
) -> Result<Outcome> {
    let kernel = programs::kernel(workspace, Profile::Debug)?;
    let [sigma0, stress] = programs::user(workspace, ["sigma0", "stress"])?;
    let archive = payload::pack(&sigma0, &stress, &[])?;
    let payload = Payload::new(&kernel)
        .with_image(workspace.target(), &archive)?
        .with_command_line(&plan.command_line());
    let machine = Machine {
        timing: plan.timing,
        ..Machine::new(plan.cpus)
    };
    let mut wrong = None;
    let mut counts = Vec::new();
    let story = Story::listen(qemu, &machine, &payload, |line| {
        match report::read(line) {
            Some(Report::Progress(done, total, text)) => progress(done, total, text),
            Some(Report::Fail(text) | Report::Panic(text)) => {
                wrong.get_or_insert_with(|| text.to_owned());
            }
            Some(Report::Stress(json)) => counts.push(json.to_owned()),
            _ => {}
        }
        ControlFlow::Continue(())
    })?;
    if story.end != End::Exit(Exit::Success) {
        wrong.get_or_insert_with(|| story.end.words());
    }
    if counts.is_empty() {
        wrong.get_or_insert_with(|| "it says nothing of what it did".into());
    }
    Ok(Outcome {
        wrong,
        counts,
        story,
    })
}

#[cfg(test)]
mod tests {
    use super::Plan;

    #[test]
    fn command_lines() {
        let plan = Plan::new(7, 30, 4);
        assert!(
            plan.command_line()
                .starts_with("tick=200 -- seed=7 seconds=30 mix=ipc,")
        );
        let plan = Plan {
            steps: Some(9),
            mix: vec!["long".into()],
            faults: vec!["ipi".into(), "hold".into()],
            ..plan
        };
        assert_eq!(
            plan.command_line(),
            "tick=200 faults=ipi,hold faults.seed=7 -- seed=7 seconds=30 mix=long steps=9"
        );
    }
}
