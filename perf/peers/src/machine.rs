//! What a program does that is a machine's first process, and where it runs.

use anyhow::{Context, Result};
use rustix::fs::{Mode, mkdir};
use rustix::mount::{MountFlags, mount};
use rustix::process::getpid;
use rustix::system::{RebootCommand, reboot};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// Whether this process is the machine's first one, and so has the machine to itself.
pub(crate) fn is_ours() -> bool {
    getpid().is_init()
}

/// Makes the kernel's own files visible, if nobody else has.
pub(crate) fn prepare(is_whole_machine: bool) -> Result<()> {
    if !is_whole_machine {
        return Ok(());
    }
    for (kind, place) in [("proc", "/proc"), ("sysfs", "/sys")] {
        mkdir(place, Mode::from_raw_mode(0o555))
            .with_context(|| format!("{place} cannot be made"))?;
        mount(kind, place, kind, MountFlags::empty(), None)
            .with_context(|| format!("{kind} cannot be mounted"))?;
    }
    Ok(())
}

/// Switches the machine off.
pub(crate) fn power_off() -> Result<()> {
    reboot(RebootCommand::PowerOff).context("the machine cannot be switched off")
}

/// The CPUs on which this program may run, in rising order.
pub(crate) fn cpus() -> Result<Vec<usize>> {
    let set = sched_getaffinity(None).context("which CPUs there are is not told")?;
    Ok((0..CpuSet::MAX_CPU)
        .filter(|cpu| set.is_set(*cpu))
        .collect())
}

/// Keeps the calling thread on one CPU.
pub(crate) fn stay_on(cpu: usize) -> Result<()> {
    let mut set = CpuSet::new();
    set.set(cpu);
    sched_setaffinity(None, &set).with_context(|| format!("CPU {cpu} cannot be had"))
}
