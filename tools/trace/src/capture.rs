//! Running a machine, and looking into its memory afterwards.

use crate::Rings;
use anyhow::{Context, Result, ensure};
use pecan_abi::trace::SYMBOL;
use pecan_vm::symbols::Explainer;
use pecan_vm::{
    Console, End, Event, Exit, Lines, Machine, PATIENCE, Payload, Qemu, Vm, kernel_file,
};
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

/// The largest memory that lies in one piece, in MiB.
const MOST_MIB: u32 = 2048;

/// How long the machine runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// Until it ends itself, or falls silent.
    End,
    /// No longer than this.
    Time(Duration),
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Capture {
    /// How the machine ended; [`End::Enough`] when its time was over.
    pub end: End,
    /// What it wrote down.
    pub rings: Rings,
}

/// Boots a tracing kernel and gives each line that the machine prints to `hear`. The memory is a file in `folder` meanwhile.
///
/// # Errors
/// When QEMU cannot be started, the kernel does not trace, or it ended before it began to.
pub fn capture(
    qemu: &Qemu,
    machine: &Machine,
    payload: &Payload,
    folder: &Path,
    until: Until,
    mut hear: impl FnMut(&str),
) -> Result<Capture> {
    ensure!(
        machine.memory_mib <= MOST_MIB,
        "a machine that is traced has at most {MOST_MIB} MiB of memory"
    );
    let directory = kernel_file::physical(payload.kernel(), SYMBOL)
        .context("this kernel was not built to be traced")?;
    fs::create_dir_all(folder).with_context(|| format!("{} cannot be made", folder.display()))?;
    let memory = tempfile::Builder::new()
        .prefix("memory-")
        .tempfile_in(folder);
    let memory = memory.with_context(|| format!("{} takes no file", folder.display()))?;
    let machine = Machine {
        memory_file: Some(memory.path().to_owned()),
        ..machine.clone()
    };
    let end = run(qemu, &machine, payload, until, &mut hear)?;
    let rings = Rings::read(memory.as_file(), directory).with_context(|| end.words())?;
    Ok(Capture { end, rings })
}

fn run(
    qemu: &Qemu,
    machine: &Machine,
    payload: &Payload,
    until: Until,
    hear: &mut impl FnMut(&str),
) -> Result<End> {
    let began = Instant::now();
    let vm = Vm::start(qemu, machine, payload, Console::Unattended)?;
    let mut explainer = Explainer::new(payload.kernel());
    let mut text = Lines::default();
    let mut tell = |line: &str| {
        hear(line);
        for name in explainer.explain(line) {
            hear(&name);
        }
    };
    loop {
        let (patience, over) = match until {
            Until::End => (PATIENCE, End::Silent),
            Until::Time(most) => (most.saturating_sub(began.elapsed()), End::Enough),
        };
        let event = vm.event(Some(patience));
        let lines = match &event {
            Event::Bytes(bytes) => text.take(bytes),
            Event::Silence | Event::Closed => text.flush().into_iter().collect(),
        };
        lines.iter().for_each(|line| tell(line));
        match event {
            Event::Bytes(_) if patience.is_zero() => return Ok(over),
            Event::Bytes(_) => {}
            Event::Silence => return Ok(over),
            Event::Closed => return end(vm),
        }
    }
}

/// The machine has ended: an emulator that refused its arguments had none.
fn end(vm: Vm) -> Result<End> {
    let exit = vm.finish()?;
    ensure!(!matches!(exit, Exit::Emulator(_)), "{}", exit.words());
    Ok(End::Exit(exit))
}
