//! `cargo xtask trace`

use crate::setup;
use anyhow::{Context, Result, bail};
use clap::Args;
use pecan_trace::{Capture, Timeline, Until, capture, write};
use pecan_vm::programs::{self, Profile};
use pecan_vm::{End, Exit, Machine, Payload, Qemu, Timing, Workspace, payload};
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
pub(crate) struct Options {
    /// Number of processors
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=64))]
    cpus: u32,
    /// Trace this X.2 executable as root task
    #[arg(long, value_name = "ELF", conflicts_with = "example")]
    root: Option<PathBuf>,
    /// Trace one of user/examples as root task [default: echo]
    #[arg(long, value_name = "NAME")]
    example: Option<String>,
    /// Switch the machine off after this time [default: when the root task ends it]
    #[arg(long, value_name = "T")]
    seconds: Option<u64>,
    /// Deterministic time: one tick per instruction, the same in every run
    #[arg(long)]
    icount: bool,
    /// The trace [default: trace.json in the target folder]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Kernel command line; what follows ` -- ` is for the root task
    #[arg(
        long,
        value_name = "STR",
        default_value = "",
        allow_hyphen_values = true
    )]
    append: String,
}

pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<()> {
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
    let root = match &options.root {
        Some(path) => path.clone(),
        None => programs::example(workspace, options.example.as_deref().unwrap_or("echo"))?,
    };
    let archive = payload::pack(&sigma0, &root, &[])?;
    let payload = Payload::new(&kernel)
        .with_image(workspace.target(), &archive)?
        .with_command_line(&line(options));
    let machine = Machine {
        timing: if options.icount {
            Timing::Deterministic
        } else {
            Timing::Parallel
        },
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
    format!("kmem={mib} {}", options.append)
}
