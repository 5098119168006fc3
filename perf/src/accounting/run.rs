//! Booting the benchmark program with the plugin.

use super::{Account, Window, accounts};
use crate::RawRow;
use crate::run::{payload, rows, words};
use anyhow::{Context, Result};
use pecan_vm::{Machine, Payload, Plugin, Qemu, Timing, Workspace, kernel_file, programs};
use std::fs;
use std::path::PathBuf;
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};

/// What to count.
#[derive(Clone, Copy, Debug)]
pub struct Order<'a> {
    /// Number of processors.
    pub cpus: u32,
    /// The rows that are called so; all if there is none.
    pub ids: &'a [&'a str],
    /// Whether to list the cache lines that the kernel touches.
    pub lines: bool,
}

/// What came of it.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// The figures.
    Counted(Counted),
    /// This QEMU does not take the plugin, and why.
    Unfit(String),
}

/// The figures of a run with the plugin.
#[derive(Clone, Debug)]
pub struct Counted {
    /// As the program printed them.
    pub rows: Vec<RawRow>,
    /// Those of them that were accounted, in the same order.
    pub accounts: Vec<Account>,
}

/// Boots deterministically with the plugin and few samples.
///
/// `progress` gets the rows done, the rows in all, and what is being counted.
///
/// # Errors
/// As [`measure`](crate::measure).
pub fn account(
    workspace: &Workspace,
    qemu: &Qemu,
    order: Order<'_>,
    progress: impl FnMut(u64, u64, &str),
) -> Result<Outcome> {
    let payload = payload(workspace, &words("account", order.ids))?;
    account_payload(workspace, qemu, order, &payload, progress)
}

/// The same with a kernel and a program that are there already; the ids are in the command line.
pub(crate) fn account_payload(
    workspace: &Workspace,
    qemu: &Qemu,
    order: Order<'_>,
    payload: &Payload,
    progress: impl FnMut(u64, u64, &str),
) -> Result<Outcome> {
    let file = programs::plugin(workspace)?;
    if let Some(why) = qemu.why_not(&Plugin::new(&file, "probe", "on"))? {
        return Ok(Outcome::Unfit(why));
    }
    let out = OutFile::new(workspace);
    let stubs = kernel_file::user_stubs(payload.kernel())?;
    let stubs = format!("{:x}-{:x}", stubs.start, stubs.end);
    let mut plugin = Plugin::new(&file, "out", &out.0).with("stubs", stubs);
    if order.lines {
        plugin = plugin.with("lines", "on");
    }
    let machine = Machine {
        timing: Timing::Deterministic,
        plugin: Some(plugin),
        ..Machine::new(order.cpus)
    };
    let rows = rows(qemu, &machine, payload, progress).context("the run with the plugin failed")?;
    let accounts = accounts(&rows, out.windows()?);
    Ok(Outcome::Counted(Counted { rows, accounts }))
}

/// Where the plugin writes; removed again with this value.
struct OutFile(PathBuf);

impl OutFile {
    fn new(workspace: &Workspace) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("windows-{}-{number}.json", process::id());
        Self(workspace.target().join(name))
    }

    fn windows(&self) -> Result<Vec<Window>> {
        let text = fs::read_to_string(&self.0).context("the plugin wrote nothing")?;
        text.lines()
            .map(|line| serde_json::from_str(line).context("the plugin wrote half a line"))
            .collect()
    }
}

impl Drop for OutFile {
    fn drop(&mut self) {
        // A file that is left behind costs space and nothing else.
        let _ = fs::remove_file(&self.0);
    }
}
