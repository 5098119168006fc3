//! STRESS00xx: a few seconds of random work on the kernel that checks its invariants.

use crate::built::Built;
use libtest_mimic::{Failed, Trial};
use pecan_vm::Timing;
use pecan_vm::stress::{FAULTS, KINDS, Outcome, Plan, run};
use std::sync::Arc;

pub(crate) fn trials(built: &Arc<Built>) -> Vec<Trial> {
    let shapes = [
        ("STRESS0001", Plan::new(1, 1, 1)),
        ("STRESS0002", Plan::new(2, 3, 4)),
        ("STRESS0003", Plan::new(3, 2, 2)),
        ("STRESS0004", Plan::new(4, 2, 3)),
        ("STRESS0005", Plan::new(5, 2, 8)),
        ("STRESS0006", Plan::new(6, 2, 32)),
        (
            "STRESS0007",
            Plan {
                faults: FAULTS.map(String::from).to_vec(),
                ..Plan::new(7, 3, 4)
            },
        ),
    ];
    let mut trials: Vec<Trial> = Vec::new();
    for (id, plan) in shapes {
        let built = built.clone();
        let survives = move || survives(&built, &plan).map(|_| ());
        trials.push(Trial::test(format!("stress::{id}"), survives));
    }
    let built = built.clone();
    let repeats = move || repeats(&built);
    trials.push(Trial::test("stress::STRESS0008", repeats));
    trials
}

/// Nothing is wrong, and all that was asked for was done.
fn survives(built: &Built, plan: &Plan) -> Result<Outcome, Failed> {
    let outcome = run(&built.workspace, &built.qemu, plan, |_, _, _| {})?;
    let tail = || outcome.story.tail();
    if let Some(wrong) = &outcome.wrong {
        return Err(format!("{wrong}\n{}", tail()).into());
    }
    let mix = format!("\"mix\":\"{}\"", KINDS.join(","));
    if !outcome.counts.iter().any(|counts| counts.contains(&mix)) {
        return Err(format!("it has not done all kinds of work\n{}", tail()).into());
    }
    Ok(outcome)
}

/// Where time is counted in instructions, the same seed makes the same run, word for word.
fn repeats(built: &Built) -> Result<(), Failed> {
    let plan = Plan {
        timing: Timing::Deterministic,
        steps: Some(1000),
        faults: FAULTS.map(String::from).to_vec(),
        ..Plan::new(8, 60, 2)
    };
    let (first, second) = (survives(built, &plan)?, survives(built, &plan)?);
    if first.story.lines == second.story.lines {
        return Ok(());
    }
    let (first, second) = (first.story.tail(), second.story.tail());
    Err(format!("one run:\n{first}\nthe same again:\n{second}").into())
}
