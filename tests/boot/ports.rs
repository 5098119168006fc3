//! IO0101: what old programs assume about I/O ports.

use crate::built::{Built, fail};
use libtest_mimic::{Failed, Trial};
use pecan_vm::{End, Exit, Machine};
use std::sync::Arc;

pub(crate) fn trials(built: &Arc<Built>) -> Vec<Trial> {
    let built = built.clone();
    vec![Trial::test("ports::IO0101", move || all_are_theirs(&built))]
}

/// With `compat=pistachio` threads have I/O privilege level 3, and never fault.
fn all_are_theirs(built: &Built) -> Result<(), Failed> {
    let image = built.image("conform")?;
    let line = "compat=pistachio -- IO0028";
    let story = built.boot(&Machine::new(2), Some(&image), line)?;
    let has_level = |line: &String| line.contains("[io] privilege level 3");
    match story.end {
        End::Exit(Exit::Success) if story.lines.iter().any(has_level) => Ok(()),
        _ => Err(fail("threads do not have all ports", &story)),
    }
}
