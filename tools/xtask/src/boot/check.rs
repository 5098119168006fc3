//! `cargo xtask boot --check`: do all CPUs run user threads?

use anyhow::{Result, bail};
use pecan_vm::report::{self, Report};
use pecan_vm::{End, Machine, Payload, Qemu, Story};
use std::ops::ControlFlow;

pub(crate) fn run(qemu: &Qemu, machine: &Machine, payload: &Payload) -> Result<()> {
    let mut seen = None;
    let story = Story::listen(qemu, machine, payload, |line| {
        println!("{line}");
        match report::read(line) {
            Some(Report::AllCpus(count)) => {
                seen = Some(count);
                ControlFlow::Break(())
            }
            Some(Report::SomeCpus(_)) => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        }
    })?;
    match seen {
        Some(count) if count == machine.cpus => Ok(()),
        Some(count) => bail!(
            "the root task runs threads on {count} CPUs, but the machine has {}",
            machine.cpus
        ),
        None if story.end == End::Enough => bail!("not all CPUs run user threads"),
        None => bail!(
            "the root task never said that all CPUs run user threads: {}",
            story.end.words()
        ),
    }
}
