//! PRE000x: a thread in a long IPC is interrupted at every instruction, and the message compared every time.

use crate::built::{Built, fail};
use libtest_mimic::{Completion, Failed, Trial};
use pecan_vm::report::{self, Report};
use pecan_vm::{End, Exit, Machine, Timing};
use std::sync::Arc;

/// Nothing but the test's own interrupts comes between: a timer tick a second.
const KERNEL: &str = "tick=1000000";
/// A page missing at the sender, and one missing at the receiver.
const SWEEPS: usize = 2;

pub(crate) fn trials(built: &Arc<Built>) -> Vec<Trial> {
    let cases: [(&str, &[&str]); 3] = [
        ("PRE0001", &["push", "push abort"]),
        ("PRE0002", &["pull", "pull abort"]),
        ("PRE0003", &["push nested", "pull nested"]),
    ];
    let trial = |(id, cases): (&str, &'static [&str])| {
        let built = built.clone();
        Trial::ignorable_test(format!("preempt::{id}"), move || {
            // Older ones shoot their event timer at a time that depends on when it was set.
            if !built.qemu.has_x2apic() {
                return Ok(Completion::ignored_with("QEMU is older than 9.0"));
            }
            cases.iter().try_for_each(|case| survives(&built, case))?;
            Ok(Completion::Completed)
        })
    };
    cases.into_iter().map(trial).collect()
}

fn survives(built: &Built, case: &str) -> Result<(), Failed> {
    let machine = Machine {
        timing: Timing::Deterministic,
        ..Machine::new(1)
    };
    let image = built.image("preempt")?;
    let story = built.boot(&machine, Some(&image), &format!("{KERNEL} -- {case}"))?;
    let wrong = story
        .lines
        .iter()
        .find_map(|line| match report::read(line) {
            Some(Report::Fail(text) | Report::Panic(text)) => Some(text.to_owned()),
            _ => None,
        });
    if let Some(wrong) = wrong {
        return Err(fail(&format!("{case}: {wrong}"), &story));
    }
    let is_sweep = |line: &&String| line.starts_with("[preempt] {");
    let sweeps = story.lines.iter().filter(is_sweep).count();
    if story.end != End::Exit(Exit::Success) || sweeps != SWEEPS {
        return Err(fail(
            &format!("{case}: {sweeps} sweeps came to an end"),
            &story,
        ));
    }
    Ok(())
}
