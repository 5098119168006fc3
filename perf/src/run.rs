//! Booting the benchmark program.

use crate::{RawRow, Report, join};
use anyhow::{Context, Result, bail};
use pecan_vm::programs::{self, Profile};
use pecan_vm::report::{self, Report as Said};
use pecan_vm::{End, Exit, Machine, Payload, Qemu, Story, Timing, Workspace, payload};
use std::ops::ControlFlow;

/// What to measure.
#[derive(Clone, Copy, Debug)]
pub struct Wish {
    /// Fewer rounds and message lengths.
    pub quick: bool,
    /// Number of processors; paths between CPUs need two.
    pub cpus: u32,
}

/// Which of the two runs is going on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pass {
    /// Deterministic: instructions.
    Counting,
    /// Parallel: time.
    Timing,
}

/// Builds what is needed, boots twice and joins the figures; without [accounts](crate::accounting).
///
/// `progress` gets the run, the rows done, the rows in all, and what is being measured.
///
/// # Errors
/// When something does not build, QEMU does not start, or a run does not end with success; the last lines of
/// the machine are part of the error.
pub fn measure(
    workspace: &Workspace,
    qemu: &Qemu,
    wish: Wish,
    mut progress: impl FnMut(Pass, u64, u64, &str),
) -> Result<Report> {
    let payload = payload(workspace, if wish.quick { "-- quick" } else { "" })?;
    let mut pass = |pass, timing| {
        let machine = Machine {
            timing,
            ..Machine::new(wish.cpus)
        };
        rows(qemu, &machine, &payload, |done, total, text| {
            progress(pass, done, total, text)
        })
    };
    let counted =
        pass(Pass::Counting, Timing::Deterministic).context("the deterministic run failed")?;
    let timed = pass(Pass::Timing, Timing::Parallel).context("the parallel run failed")?;
    Ok(Report {
        schema: 1,
        qemu: qemu.version(),
        cpus: wish.cpus,
        rows: join(&counted, &timed),
        accounting: None,
    })
}

/// Only the deterministic run, on a machine with `cpus` processors, of the rows that are called so; fewer rounds, as the
/// program understands `effort`: `quick` or `account`.
///
/// # Errors
/// As [`measure`].
pub fn count(
    workspace: &Workspace,
    qemu: &Qemu,
    cpus: u32,
    effort: &str,
    ids: &[&str],
) -> Result<Vec<RawRow>> {
    let payload = payload(workspace, &words(effort, ids))?;
    let machine = Machine {
        timing: Timing::Deterministic,
        ..Machine::new(cpus)
    };
    rows(qemu, &machine, &payload, |_, _, _| {})
        .with_context(|| format!("the deterministic run on {cpus} CPUs failed"))
}

/// The command line for the program.
pub(crate) fn words(effort: &str, ids: &[&str]) -> String {
    let words = [effort].into_iter().chain(ids.iter().copied());
    format!("-- {}", words.collect::<Vec<_>>().join(" "))
}

pub(crate) fn payload(workspace: &Workspace, command_line: &str) -> Result<Payload> {
    let kernel = programs::kernel(workspace, Profile::Release)?;
    let [sigma0, bench] = programs::user(workspace, ["sigma0", "bench"])?;
    let archive = payload::pack(&sigma0, &bench, &[])?;
    let payload = Payload::new(&kernel).with_image(workspace.target(), &archive)?;
    Ok(payload.with_command_line(command_line))
}

pub(crate) fn rows(
    qemu: &Qemu,
    machine: &Machine,
    payload: &Payload,
    mut progress: impl FnMut(u64, u64, &str),
) -> Result<Vec<RawRow>> {
    let mut rows = Vec::new();
    let story = Story::listen(qemu, machine, payload, |line| {
        match report::read(line) {
            Some(Said::Progress(done, total, text)) => progress(done, total, text),
            Some(Said::Bench(json)) => rows.push(RawRow::read(json)),
            _ => {}
        }
        ControlFlow::Continue(())
    })?;
    if story.end != End::Exit(Exit::Success) {
        bail!("{}", story.tail());
    }
    let rows: Vec<RawRow> = rows.into_iter().collect::<Result<_>>()?;
    if rows.is_empty() {
        bail!(
            "the benchmark ended well but printed no row\n{}",
            story.tail()
        );
    }
    Ok(rows)
}
