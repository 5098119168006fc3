//! FUZ000x: random system calls on the kernel that checks its invariants, a bounded number of them.

use crate::built::Built;
use libtest_mimic::{Failed, Trial};
use pecan_vm::Timing;
use pecan_vm::fuzz::{Plan, run};
use std::sync::Arc;

pub(crate) fn trials(built: &Arc<Built>) -> Vec<Trial> {
    let plans = [
        (
            "FUZ0001",
            Plan {
                seed: 1,
                steps: 80_000,
                cpus: 1,
                timing: Timing::Deterministic,
            },
        ),
        (
            "FUZ0002",
            Plan {
                seed: 2,
                steps: 40_000,
                cpus: 2,
                timing: Timing::Deterministic,
            },
        ),
        // Each of the two at its own speed, so that every run is another one.
        (
            "FUZ0003",
            Plan {
                seed: 3,
                steps: 20_000,
                cpus: 2,
                timing: Timing::Parallel,
            },
        ),
    ];
    let trial = |(id, plan): (&str, Plan)| {
        let built = built.clone();
        Trial::test(format!("fuzz::{id}"), move || survives(&built, plan))
    };
    plans.into_iter().map(trial).collect()
}

fn survives(built: &Built, plan: Plan) -> Result<(), Failed> {
    let outcome = run(&built.workspace, &built.qemu, plan, |_, _, _| {})?;
    match outcome.wrong {
        Some(wrong) => Err(format!("{wrong}\n{}", outcome.story.tail()).into()),
        None => Ok(()),
    }
}
