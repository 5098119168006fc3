//! The kernel and the programs, built when the first test wants them.

use libtest_mimic::Failed;
use pecan_vm::programs::{self, Profile};
use pecan_vm::{Machine, Payload, Qemu, Story, Workspace, payload};
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

/// Where things are, and what has been built so far.
pub(crate) struct Built {
    pub(crate) workspace: Workspace,
    pub(crate) qemu: Qemu,
    paths: Mutex<HashMap<String, Result<PathBuf, String>>>,
}

impl Built {
    /// Looks around; builds nothing.
    pub(crate) fn find() -> anyhow::Result<Self> {
        Ok(Self {
            workspace: Workspace::find()?,
            qemu: Qemu::find()?,
            paths: Mutex::default(),
        })
    }

    /// The kernel as it is measured.
    pub(crate) fn kernel(&self) -> Result<PathBuf, Failed> {
        self.once("the kernel", || {
            programs::kernel(&self.workspace, Profile::Release)
        })
    }

    /// The kernel that checks itself.
    fn debug_kernel(&self) -> Result<PathBuf, Failed> {
        self.once("the debug kernel", || {
            programs::kernel(&self.workspace, Profile::Debug)
        })
    }

    /// The kernel that writes down what happens.
    pub(crate) fn tracing_kernel(&self) -> Result<PathBuf, Failed> {
        self.once("the tracing kernel", || {
            programs::kernel(&self.workspace, Profile::Tracing)
        })
    }

    /// A program by package name.
    pub(crate) fn program(&self, name: &str) -> Result<PathBuf, Failed> {
        self.once(name, || {
            programs::user(&self.workspace, [name]).map(|[path]| path)
        })
    }

    /// An example by name.
    pub(crate) fn example(&self, name: &str) -> Result<PathBuf, Failed> {
        self.once(&format!("example {name}"), || {
            programs::example(&self.workspace, name)
        })
    }

    /// A program of `user/foreign` by name.
    pub(crate) fn foreign(&self, name: &str) -> Result<PathBuf, Failed> {
        self.once(&format!("foreign {name}"), || {
            programs::foreign(&self.workspace, name)
        })
    }

    /// An image of our sigma0 and a root task of ours.
    pub(crate) fn image(&self, root: &str) -> Result<Vec<u8>, Failed> {
        Ok(payload::pack(
            &self.program("sigma0")?,
            &self.program(root)?,
            &[],
        )?)
    }

    /// Boots an image and listens to the end of the machine.
    pub(crate) fn boot(
        &self,
        machine: &Machine,
        image: Option<&[u8]>,
        line: &str,
    ) -> Result<Story, Failed> {
        Ok(Story::whole(
            &self.qemu,
            machine,
            &self.payload(image, line)?,
        )?)
    }

    /// As [`Self::boot`], with the debug kernel.
    pub(crate) fn boot_debug(
        &self,
        machine: &Machine,
        image: &[u8],
        line: &str,
    ) -> Result<Story, Failed> {
        let payload = Payload::new(&self.debug_kernel()?)
            .with_command_line(line)
            .with_image(self.workspace.target(), image)?;
        Ok(Story::whole(&self.qemu, machine, &payload)?)
    }

    /// The kernel with an image and a command line.
    pub(crate) fn payload(&self, image: Option<&[u8]>, line: &str) -> Result<Payload, Failed> {
        let payload = Payload::new(&self.kernel()?).with_command_line(line);
        Ok(match image {
            Some(image) => payload.with_image(self.workspace.target(), image)?,
            None => payload,
        })
    }

    fn once(
        &self,
        name: &str,
        build: impl FnOnce() -> anyhow::Result<PathBuf>,
    ) -> Result<PathBuf, Failed> {
        let mut paths = self.paths.lock().unwrap_or_else(PoisonError::into_inner);
        let path = paths
            .entry(name.to_owned())
            .or_insert_with(|| build().map_err(|error| format!("{error:#}")));
        path.clone().map_err(Failed::from)
    }
}

/// Fails with the last lines of a machine.
pub(crate) fn fail(what: &str, story: &Story) -> Failed {
    format!("{what}\n{}", story.tail()).into()
}
