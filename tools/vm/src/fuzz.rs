//! A fuzz run: the debug kernel under random system calls.

use crate::programs::{self, Profile};
use crate::report::{self, Report};
use crate::{End, Exit, Machine, Payload, Qemu, Story, Timing, Workspace, payload};
use anyhow::Result;
use std::ops::ControlFlow;

/// Timer tick during the run in microseconds: short, so that preemption comes everywhere.
const TICK_MICROS: u32 = 200;

/// What to run.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Start of the random numbers: on a deterministic machine the same seed makes the same run.
    pub seed: u64,
    /// How many steps the threads do in all.
    pub steps: u64,
    /// Number of processors.
    pub cpus: u32,
    /// How the machine's time goes.
    pub timing: Timing,
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The first wrong thing, or none.
    pub wrong: Option<String>,
    /// The program's last words: what it counted.
    pub done: Option<String>,
    /// Everything the machine said.
    pub story: Story,
}

/// Builds what is needed, runs the plan and listens; `progress` gets steps done, steps in all, and a text.
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
    let [sigma0, fuzz] = programs::user(workspace, ["sigma0", "fuzz"])?;
    let archive = payload::pack(&sigma0, &fuzz, &[])?;
    let Plan { seed, steps, .. } = plan;
    let payload = Payload::new(&kernel)
        .with_image(workspace.target(), &archive)?
        .with_command_line(&format!("tick={TICK_MICROS} -- seed={seed} steps={steps}"));
    let machine = Machine {
        timing: plan.timing,
        ..Machine::new(plan.cpus)
    };
    let (mut wrong, mut done) = (None, None);
    let story = Story::listen(qemu, &machine, &payload, |line| {
        match report::read(line) {
            Some(Report::Progress(done, total, text)) => progress(done, total, text),
            Some(Report::Fail(text) | Report::Panic(text)) => {
                wrong.get_or_insert_with(|| text.to_owned());
            }
            Some(Report::Done(text)) => done = Some(text.to_owned()),
            _ => {}
        }
        ControlFlow::Continue(())
    })?;
    if story.end != End::Exit(Exit::Success) {
        wrong.get_or_insert_with(|| story.end.words());
    }
    if done.is_none() {
        wrong.get_or_insert_with(|| "it does not say that it has done its steps".into());
    }
    Ok(Outcome { wrong, done, story })
}
