//! `cargo xtask boot`

mod check;
mod console;
mod subject;

pub(crate) use subject::{Subject, are_there};

use crate::{build, setup};
use anyhow::{Result, bail};
use clap::{Args, ValueEnum};
use pecan_vm::{Apic, Machine, Payload, Qemu, Workspace, payload, programs};
use std::path::PathBuf;

/// Options of `cargo xtask boot`.
#[derive(Args)]
pub(crate) struct Options {
    /// Number of processors
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=288))]
    cpus: u32,
    /// Memory in MiB
    #[arg(long, value_name = "MIB", default_value_t = 512, value_parser = clap::value_parser!(u32).range(8..))]
    memory: u32,
    /// Interrupt controller mode [default: x2 where QEMU has it]
    #[arg(long)]
    apic: Option<ApicOption>,
    #[command(flatten)]
    subject: Subject,
    /// Further boot module, named after its file; may be given more than once
    #[arg(long = "module", value_name = "FILE")]
    modules: Vec<PathBuf>,
    /// X.2 executable as sigma0
    #[arg(long, value_name = "ELF")]
    sigma0: Option<PathBuf>,
    /// End with success once all CPUs run user threads, and with failure if that does not come
    #[arg(long, conflicts_with = "gdb")]
    check: bool,
    /// Boot the kernel that checks its invariants at every dispatch
    #[arg(long)]
    debug_kernel: bool,
    /// Wait for gdb on port 1234
    #[arg(long)]
    gdb: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum ApicOption {
    /// x2APIC
    X2,
    /// xAPIC only
    X,
}

pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<()> {
    let programs = options.sigma0.iter().chain(&options.subject.root);
    are_there(options.modules.iter().chain(programs))?;
    let qemu = setup::needed(workspace)?;
    let machine = machine(&qemu, options)?;
    let payload = payload(workspace, options)?;
    if options.check {
        return check::run(&qemu, &machine, &payload);
    }
    if options.gdb {
        eprintln!(
            "waiting for gdb: gdb {} -ex 'target remote :1234'",
            payload.kernel().display()
        );
    }
    console::run(&qemu, &machine, &payload)
}

fn machine(qemu: &Qemu, options: &Options) -> Result<Machine> {
    if matches!(options.apic, Some(ApicOption::X2)) && !qemu.has_x2apic() {
        bail!(
            "QEMU {} has no x2APIC: it needs 9.0 or later; leave --apic out",
            qemu.version()
        );
    }
    Ok(Machine {
        memory_mib: options.memory,
        apic: if matches!(options.apic, Some(ApicOption::X)) {
            Apic::X
        } else {
            Apic::X2
        },
        timing: options.subject.timing(),
        debugger: options.gdb,
        ..Machine::new(options.cpus)
    })
}

fn payload(workspace: &Workspace, options: &Options) -> Result<Payload> {
    let kernel = programs::kernel(workspace, build::profile(options.debug_kernel))?;
    let sigma0 = match &options.sigma0 {
        Some(path) => path.clone(),
        None => program(workspace, "sigma0")?,
    };
    let root = options
        .subject
        .root(workspace, |own| program(own, "root"))?;
    let archive = payload::pack(&sigma0, &root, &options.modules)?;
    Ok(Payload::new(&kernel)
        .with_image(workspace.target(), &archive)?
        .with_command_line(&options.subject.append))
}

/// Our own program of that name.
fn program(workspace: &Workspace, name: &str) -> Result<PathBuf> {
    let [built] = programs::user(workspace, [name])?;
    Ok(built)
}
