//! A stress run: the debug kernel under seeded random work.

use crate::programs::{self, Profile};
use crate::report::{self, Report};
use crate::{End, Exit, Machine, Payload, Qemu, Story, Workspace, payload};
use anyhow::Result;
use std::ops::ControlFlow;

/// Timer tick during the run in microseconds: short, so that preemption comes everywhere.
const TICK_MICROS: u32 = 200;

/// What to run.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Start of the random numbers: the same seed makes the same work.
    pub seed: u64,
    /// How long the work goes on, in seconds of the machine's time.
    pub seconds: u32,
    /// Number of processors.
    pub cpus: u32,
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
    plan: Plan,
    mut progress: impl FnMut(u64, u64, &str),
) -> Result<Outcome> {
    let kernel = programs::kernel(workspace, Profile::Debug)?;
    let [sigma0, stress] = programs::user(workspace, ["sigma0", "stress"])?;
    let archive = payload::pack(&sigma0, &stress, &[])?;
    let Plan {
        seed,
        seconds,
        cpus,
    } = plan;
    let payload = Payload::new(&kernel)
        .with_image(workspace.target(), &archive)?
        .with_command_line(&format!(
            "tick={TICK_MICROS} -- seed={seed} seconds={seconds}"
        ));
    let mut wrong = None;
    let mut counts = Vec::new();
    let story = Story::listen(qemu, &Machine::new(cpus), &payload, |line| {
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
    Ok(Outcome {
        wrong,
        counts,
        story,
    })
}
