//! BOOT0001: every CPU of every machine shape runs a user thread.

use crate::built::{Built, fail};
use libtest_mimic::{Completion, Failed, Trial};
use pecan_tests::{Shape, all};
use pecan_vm::report::{self, Report};
use std::collections::HashSet;
use std::sync::Arc;

pub(crate) fn trials(built: &Arc<Built>) -> Vec<Trial> {
    let trial = |shape: Shape| {
        let built = built.clone();
        Trial::ignorable_test(format!("{}::BOOT0001", shape.name), move || {
            match shape.missing(&built.qemu) {
                Some(why) => Ok(Completion::ignored_with(why)),
                None => all_cpus(&built, &shape).map(|()| Completion::Completed),
            }
        })
    };
    all().into_iter().map(trial).collect()
}

fn all_cpus(built: &Built, shape: &Shape) -> Result<(), Failed> {
    let story = listen_until_all(built, shape)?;
    let counted = story
        .lines
        .iter()
        .find_map(|line| match report::read(line) {
            Some(Report::AllCpus(count)) => Some(count),
            _ => None,
        });
    if counted != Some(shape.machine.cpus) {
        return Err(fail(
            &format!("expected {} CPUs, found {counted:?}", shape.machine.cpus),
            &story,
        ));
    }
    let cpu = |line: &String| {
        let rest = line.strip_prefix("[boot] cpu ")?;
        rest.split_once(" runs thread ")?.0.parse::<u32>().ok()
    };
    let named: HashSet<u32> = story.lines.iter().filter_map(cpu).collect();
    if named != (0..shape.machine.cpus).collect() {
        return Err(fail(
            &format!("the CPUs that were named are {named:?}"),
            &story,
        ));
    }
    Ok(())
}

fn listen_until_all(built: &Built, shape: &Shape) -> Result<pecan_vm::Story, Failed> {
    let payload = built.payload(Some(&built.image("root")?), "")?;
    Ok(pecan_vm::Story::listen(
        &built.qemu,
        &shape.machine,
        &payload,
        |line| match report::read(line) {
            Some(Report::AllCpus(_) | Report::SomeCpus(_)) => std::ops::ControlFlow::Break(()),
            _ => std::ops::ControlFlow::Continue(()),
        },
    )?)
}
