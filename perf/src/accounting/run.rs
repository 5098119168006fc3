//! Booting the benchmark program with the plugin.

use super::{Account, Window, accounts};
use crate::RawRow;
use crate::run::{payload, rows, words};
use anyhow::{Context, Result};
use pecan_vm::{Machine, Payload, Plugin, Qemu, Timing, Workspace, kernel_file, programs};
use std::fs;
use std::path::Path;
use tempfile::Builder;

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
    let folder = Builder::new()
        .prefix("windows-")
        .tempdir_in(workspace.target());
    let folder = folder.context("there is no place for what the plugin writes")?;
    let out = folder.path().join("windows.json");
    let stubs = kernel_file::user_stubs(payload.kernel())?;
    let stubs = format!("{:x}-{:x}", stubs.start, stubs.end);
    let mut plugin = Plugin::new(&file, "out", out.as_os_str()).with("stubs", stubs);
    if order.lines {
        plugin = plugin.with("lines", "on");
    }
    let machine = Machine {
        timing: Timing::Deterministic,
        plugin: Some(plugin),
        ..Machine::new(order.cpus)
    };
    let rows = rows(qemu, &machine, payload, progress).context("the run with the plugin failed")?;
    let accounts = accounts(&rows, windows(&out)?);
    Ok(Outcome::Counted(Counted { rows, accounts }))
}

/// What the plugin wrote: nothing if no row was marked, and there is no file if it was not there.
fn windows(out: &Path) -> Result<Vec<Window>> {
    let text = fs::read_to_string(out).context("the plugin wrote no file")?;
    text.lines()
        .map(|line| serde_json::from_str(line).context("the plugin wrote half a line"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::windows;
    use crate::accounting::Window;
    use std::fs;

    #[test]
    fn windows_are_whole_lines() {
        let folder = tempfile::tempdir().expect("a folder");
        let out = folder.path().join("windows.json");
        assert!(windows(&out).is_err());
        let line = serde_json::to_string(&Window::default()).expect("JSON");
        for (text, count) in [(String::new(), 0), (format!("{line}\n{line}\n"), 2)] {
            fs::write(&out, text).expect("a file");
            assert_eq!(windows(&out).expect("windows").len(), count);
        }
        fs::write(&out, &line[1..]).expect("a file");
        assert!(windows(&out).is_err());
    }
}
