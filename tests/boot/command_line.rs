//! BOOT02xx: words on the kernel's command line, good and bad.

use crate::built::{Built, fail};
use libtest_mimic::{Failed, Trial};
use pecan_vm::report::{self, Report};
use pecan_vm::{End, Machine, Story};
use std::ops::ControlFlow;
use std::sync::Arc;

struct Case {
    id: &'static str,
    line: String,
    /// Text that a line of the log must have.
    says: &'static [&'static str],
    /// Text that no line may have.
    silent: &'static [&'static str],
}

fn cases() -> Vec<Case> {
    let case = |id, line: &str, says, silent| Case {
        id,
        line: line.to_owned(),
        says,
        silent,
    };
    let long = format!("log=info -- {}", "x".repeat(3000));
    vec![
        case(
            "BOOT0201",
            "colour=blue",
            &["WARN boot: unknown option", "colour=blue"],
            &[],
        ),
        case("BOOT0202", "tick=soon", &["WARN boot:", "tick=soon"], &[]),
        case(
            "BOOT0203",
            "tick=0 kmem=-1 log=loud log.=x apic=3",
            &["tick=0", "kmem=-1", "log=loud", "apic=3"],
            &[],
        ),
        case("BOOT0204", "log=off", &[], &["INFO", "WARN"]),
        case(
            "BOOT0205",
            "log=warn log.boot=debug",
            &["DEBUG boot"],
            &["INFO start"],
        ),
        case(
            "BOOT0206",
            &long,
            &["WARN boot: the command line is cut off"],
            &[],
        ),
        case("BOOT0207", "apic=x", &[], &["WARN"]),
    ]
}

pub(crate) fn trials(built: &Arc<Built>) -> Vec<Trial> {
    let trial = |case: Case| {
        let built = built.clone();
        Trial::test(format!("command_line::{}", case.id), move || {
            boots(&built, &case)
        })
    };
    cases().into_iter().map(trial).collect()
}

/// Whatever the line says, all CPUs come up.
fn boots(built: &Built, case: &Case) -> Result<(), Failed> {
    let payload = built.payload(Some(&built.image("root")?), &case.line)?;
    let story = Story::listen(
        &built.qemu,
        &Machine::new(2),
        &payload,
        |line| match report::read(line) {
            Some(Report::AllCpus(_) | Report::SomeCpus(_)) => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        },
    )?;
    let all = story
        .lines
        .iter()
        .any(|line| report::read(line) == Some(Report::AllCpus(2)));
    if story.end != End::Enough || !all {
        return Err(fail("the CPUs did not all run user threads", &story));
    }
    let has = |text: &&str| story.lines.iter().any(|line| line.contains(*text));
    if let Some(text) = case.says.iter().find(|text| !has(text)) {
        return Err(fail(&format!("no line with `{text}`"), &story));
    }
    match case.silent.iter().find(|text| has(text)) {
        Some(text) => Err(fail(&format!("a line with `{text}`"), &story)),
        None => Ok(()),
    }
}
