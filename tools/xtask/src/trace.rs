//! `cargo xtask trace`

use crate::boot::{Subject, are_there};
use crate::setup;
use anyhow::{Context, Result, bail};
use clap::Args;
use pecan_trace::{Capture, Timeline, Until, capture, write};
use pecan_vm::programs::{self, Profile};
use pecan_vm::{End, Exit, Machine, Payload, Qemu, Workspace, payload};
use std::fs::File;
use std::io::BufWriter;
use std::path::PathBuf;
use std::time::Duration;

/// MiB of the kernel's memory, beside the rings, unless the command line says otherwise.
const KERNEL_MIB: u32 = 32;
/// MiB of the kernel's memory for each CPU's ring.
const RING_MIB: u32 = 3;

/// Options of `cargo xtask trace`.
#[derive(Args)]
#[command(after_help = "Where no root task is named, it is the example echo.")]
pub(crate) struct Options {
    /// Number of processors
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=64))]
    cpus: u32,
    #[command(flatten)]
    subject: Subject,
    /// Switch the machine off after this time [default: when the root task ends it]
    #[arg(long, value_name = "T")]
    seconds: Option<u64>,
    /// The trace [default: trace.json in the target folder]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<()> {
    are_there(&options.subject.root)?;
    let out = options.out.clone();
    let out = out.unwrap_or_else(|| workspace.target().join("trace.json"));
    // Better now than after the work.
    let file =
        File::create(&out).with_context(|| format!("{} cannot be written", out.display()))?;
    let qemu = setup::needed(workspace)?;
    let capture = captured(workspace, &qemu, options)?;
    let timeline = Timeline::of(&capture.rings);
    write(&timeline, BufWriter::new(file))
        .with_context(|| format!("{} cannot be written", out.display()))?;
    let lost: u64 = timeline.lost.iter().sum();
    println!(
        "{}: {} slices, {} other events, {} arrows; {lost} older events are lost",
        out.display(),
        timeline.slices.len(),
        timeline.instants.len(),
        timeline.arrows.len()
    );
    println!("open it in Perfetto (ui.perfetto.dev)");
    match capture.end {
        End::Exit(Exit::Success) | End::Enough => Ok(()),
        end => bail!("{}", end.words()),
    }
}

fn captured(workspace: &Workspace, qemu: &Qemu, options: &Options) -> Result<Capture> {
    let kernel = programs::kernel(workspace, Profile::Tracing)?;
    let [sigma0] = programs::user(workspace, ["sigma0"])?;
    let subject = &options.subject;
    let root = subject.root(workspace, |own| programs::example(own, "echo"))?;
    let archive = payload::pack(&sigma0, &root, &[])?;
    let payload = Payload::new(&kernel)
        .with_image(workspace.target(), &archive)?
        .with_command_line(&line(options));
    let machine = Machine {
        timing: subject.timing(),
        ..Machine::new(options.cpus)
    };
    let until = options.seconds.map_or(Until::End, |seconds| {
        Until::Time(Duration::from_secs(seconds))
    });
    capture(
        qemu,
        &machine,
        &payload,
        workspace.target(),
        until,
        |line| println!("{line}"),
    )
}

/// What was given, and room for the rings before it: of two equal words the kernel takes the last.
fn line(options: &Options) -> String {
    let mib = KERNEL_MIB + RING_MIB * options.cpus;
    format!("kmem={mib} {}", options.subject.append)
}
