//! Running a command and reading along.

use super::tally::Tally;
use anyhow::{Context, Result};
use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc::{Sender, channel};
use std::thread::spawn;

/// What a command did.
pub(crate) struct Outcome {
    /// Whether its exit status was 0.
    pub(crate) success: bool,
    /// Its tests.
    pub(crate) tally: Tally,
    lines: Vec<String>,
}

/// Runs a command to its end, appends its output to `log` and gives each line to `hear`.
pub(crate) fn listen(
    command: &mut Command,
    log: &Path,
    mut hear: impl FnMut(&str),
) -> Result<Outcome> {
    let folder = log.parent().context("a log has a folder")?;
    fs::create_dir_all(folder).with_context(|| format!("{} cannot be made", folder.display()))?;
    let mut log = OpenOptions::new()
        .create(true)
        .append(true)
        .open(log)
        .context("the log cannot be opened")?;
    writeln!(log, "$ {command:?}")?;
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("{command:?} cannot be started"))?;
    let (sender, receiver) = channel();
    read_lines(child.stdout.take().context("no output")?, sender.clone());
    read_lines(child.stderr.take().context("no error output")?, sender);
    let mut lines = Vec::new();
    let mut tally = Tally::default();
    let mut ran_tests = false;
    for line in receiver {
        writeln!(log, "{line}")?;
        if let Some(counts) = Tally::read(&line) {
            tally += counts;
            ran_tests = true;
        }
        hear(&line);
        lines.push(line);
    }
    let success = child
        .wait()
        .context("the command cannot be waited for")?
        .success();
    Ok(Outcome {
        success,
        tally: tally.of_command(success, ran_tests),
        lines,
    })
}

impl Outcome {
    /// Why tests were skipped, and how many for each reason.
    pub(crate) fn skips(&self) -> BTreeMap<&str, usize> {
        let mut reasons = BTreeMap::new();
        for line in &self.lines {
            let reason = line
                .starts_with("test ")
                .then(|| line.split_once(" ... ignored"))
                .flatten();
            if let Some((_, reason)) = reason {
                *reasons
                    .entry(
                        reason
                            .trim_start_matches([' ', ','])
                            .trim_matches(['(', ')']),
                    )
                    .or_default() += 1;
            }
        }
        reasons
    }

    /// Prints what matters of a failed command.
    pub(crate) fn show(&self, log: &Path) {
        const SHOWN: usize = 200;
        let lines: Vec<&String> = self.lines.iter().filter(|line| matters(line)).collect();
        for line in &lines[lines.len().saturating_sub(SHOWN)..] {
            println!("{line}");
        }
        println!("(everything it said: {})", log.display());
    }
}

/// Whether a line of a failed command helps: tests that did well and cargo's progress do not.
fn matters(line: &str) -> bool {
    let is_test = line.starts_with("test ") && !line.ends_with("FAILED");
    let is_progress = [
        "Compiling",
        "Checking",
        "Finished",
        "Blocking",
        "Running",
        "Downloaded",
    ];
    !is_test
        && !is_progress
            .iter()
            .any(|word| line.trim_start().starts_with(word))
}

fn read_lines(from: impl Read + Send + 'static, to: Sender<String>) {
    spawn(move || {
        for line in BufReader::new(from).split(b'\n').map_while(Result::ok) {
            if to
                .send(String::from_utf8_lossy(&line).into_owned())
                .is_err()
            {
                return;
            }
        }
    });
}
