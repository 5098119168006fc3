//! STRESS000x: a few seconds of random work on the kernel that checks its invariants.

use crate::built::Built;
use libtest_mimic::{Failed, Trial};
use pecan_vm::stress::{Plan, run};
use std::sync::Arc;

pub(crate) fn trials(built: &Arc<Built>) -> Vec<Trial> {
    let plans = [
        (
            "STRESS0001",
            Plan {
                seed: 1,
                seconds: 5,
                cpus: 1,
            },
        ),
        (
            "STRESS0002",
            Plan {
                seed: 2,
                seconds: 10,
                cpus: 4,
            },
        ),
    ];
    let trial = |(id, plan): (&str, Plan)| {
        let built = built.clone();
        Trial::test(format!("stress::{id}"), move || survives(&built, plan))
    };
    plans.into_iter().map(trial).collect()
}

fn survives(built: &Built, plan: Plan) -> Result<(), Failed> {
    let outcome = run(&built.workspace, &built.qemu, plan, |_, _, _| {})?;
    match outcome.wrong {
        Some(wrong) => Err(format!("{wrong}\n{}", outcome.story.tail()).into()),
        None if outcome.counts.is_empty() => {
            Err(format!("it says nothing of what it did\n{}", outcome.story.tail()).into())
        }
        None => Ok(()),
    }
}
