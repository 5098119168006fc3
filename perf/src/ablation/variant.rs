//! The kernel, or the benchmark, without a technique: built, and tried.

use super::{Subject, Technique, Way};
use anyhow::{Context, Result, bail};
use pecan_vm::programs::{self, Profile};
use pecan_vm::report::{self, Report as Said, Verdict};
use pecan_vm::{End, Exit, Machine, Payload, Qemu, Story, Timing, Workspace, payload};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

/// On so many CPUs a kernel is tried.
const CPUS: u32 = 2;

/// A kernel and what runs on it.
#[derive(Clone)]
pub(super) struct Variant {
    kernel: PathBuf,
    sigma0: PathBuf,
    bench: PathBuf,
    conform: PathBuf,
}

impl Variant {
    /// Everything as it is.
    pub(super) fn base(workspace: &Workspace) -> Result<Self> {
        let kernel = programs::kernel(workspace, Profile::Release)?;
        let names = ["sigma0", "bench", "conform"];
        let [sigma0, bench, conform] = programs::user(workspace, names)?;
        Ok(Self {
            kernel,
            sigma0,
            bench,
            conform,
        })
    }

    /// This one without `technique`.
    pub(super) fn without(&self, workspace: &Workspace, technique: &Technique) -> Result<Self> {
        let mut variant = self.clone();
        let feature = technique.feature;
        match technique.subject {
            Subject::Kernel => variant.kernel = programs::kernel_without(workspace, feature)?,
            Subject::Program => variant.bench = programs::bench_without(workspace, feature)?,
        }
        Ok(variant)
    }

    /// The benchmark on this kernel.
    pub(super) fn payload(&self, workspace: &Workspace, way: Way, words: &str) -> Result<Payload> {
        pack(workspace, self, &self.bench, way, words)
    }

    /// Lets the kernel, which lacks `technique`, run that one's tests, on a deterministic machine.
    ///
    /// `progress` gets the tests done, the tests in all, and the test.
    ///
    /// # Errors
    /// When a test fails, or the machine does not end well.
    pub(super) fn try_out(
        &self,
        workspace: &Workspace,
        qemu: &Qemu,
        technique: &Technique,
        mut progress: impl FnMut(u64, u64, &str),
    ) -> Result<()> {
        let words = format!("-- {}", technique.tests);
        let payload = pack(workspace, self, &self.conform, technique.way, &words)?;
        let machine = Machine {
            timing: Timing::Deterministic,
            ..Machine::new(CPUS)
        };
        let (mut done, mut total, mut failed) = (0, 0, Vec::new());
        let story = Story::listen(qemu, &machine, &payload, |line| {
            match report::read(line) {
                Some(Said::Plan(ids)) => total = ids.len() as u64,
                Some(Said::Test(id, verdict)) => {
                    done += 1;
                    progress(done, total, id);
                    if let Verdict::Fail(why) = verdict {
                        failed.push(format!("{id}: {why}"));
                    }
                }
                _ => {}
            }
            ControlFlow::Continue(())
        })?;
        if !failed.is_empty() {
            bail!("tests fail: {}", failed.join("; "));
        }
        if story.end != End::Exit(Exit::Success) || done == 0 {
            bail!("the tests did not end well\n{}", story.tail());
        }
        Ok(())
    }
}

fn pack(
    workspace: &Workspace,
    variant: &Variant,
    root: &Path,
    way: Way,
    words: &str,
) -> Result<Payload> {
    let archive = payload::pack(&variant.sigma0, root, &[])?;
    let payload = Payload::new(&variant.kernel)
        .with_image(workspace.target(), &archive)
        .context("the boot image cannot be made")?;
    Ok(payload.with_command_line(&match way {
        Way::Short => words.to_owned(),
        Way::General => format!("ipc=general {words}"),
    }))
}
