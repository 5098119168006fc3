//! Booting Linux and listening to it.

use super::{About, Configuration, Peer, initramfs, program};
use crate::{Pass, RawRow, Wish, join};
use anyhow::{Context, Result, ensure};
use pecan_vm::report::{self, Report as Said};
use pecan_vm::{End, Exit, Machine, Payload, Qemu, Story, Timing, Workspace};
use std::ops::ControlFlow;
use std::path::PathBuf;

/// A Linux kernel to boot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kernel {
    /// Its compressed image, `vmlinuz`.
    pub image: PathBuf,
    /// The package that it comes from.
    pub package: String,
    /// The package's version.
    pub version: String,
}

/// Boots `kernel` in every configuration and measures. `wish` is that of Pecan's own run; more than two processors are not
/// used.
///
/// `progress` gets which run it is, the rows done, the rows in all, and what is being measured.
///
/// # Errors
/// When the program does not build, QEMU does not start, or a run ends before its last row.
pub fn measure(
    workspace: &Workspace,
    qemu: &Qemu,
    wish: Wish,
    kernel: &Kernel,
    mut progress: impl FnMut(Pass, u64, u64, &str),
) -> Result<Vec<Peer>> {
    let cpus = wish.cpus.min(2);
    let archive = initramfs::pack(&program::build(workspace)?)?;
    let mut peer = |configuration: Configuration| {
        let command_line = configuration.command_line(wish.quick);
        let payload = Payload::new(&kernel.image)
            .with_image(workspace.target(), &archive)?
            .with_command_line(&command_line);
        let mut listen = |pass, timing| {
            progress(pass, 0, 1, "booting Linux");
            let machine = Machine {
                timing,
                ..Machine::new(cpus)
            };
            listen(qemu, &machine, &payload, |done, total, text| {
                progress(pass, done, total, text)
            })
            .with_context(|| {
                format!("Linux did not measure all it should; it was told: {command_line}")
            })
        };
        let counted = listen(Pass::Counting, Timing::Deterministic)?;
        let timed = configuration
            .has_times()
            .then(|| listen(Pass::Timing, Timing::Parallel))
            .transpose()?;
        Ok(Peer {
            system: "Linux".into(),
            package: kernel.package.clone(),
            version: kernel.version.clone(),
            configuration,
            command_line,
            cpus,
            rows: join(
                &counted.rows,
                timed.as_ref().map_or(&[], |timed| &timed.rows),
            ),
            about: counted.about,
        })
    };
    Configuration::ALL
        .into_iter()
        .filter(|configuration| configuration.fits(cpus))
        .map(&mut peer)
        .collect()
}

/// What one boot said.
struct Heard {
    about: About,
    rows: Vec<RawRow>,
}

fn listen(
    qemu: &Qemu,
    machine: &Machine,
    payload: &Payload,
    mut progress: impl FnMut(u64, u64, &str),
) -> Result<Heard> {
    let (mut about, mut rows, mut is_done) = (None, Vec::new(), false);
    let story = Story::listen(qemu, machine, payload, |line| {
        if let Some(json) = line.strip_prefix("[peer] ") {
            about = Some(About::read(json));
        }
        match report::read(line) {
            Some(Said::Progress(done, total, text)) => progress(done, total, text),
            Some(Said::Bench(json)) => rows.push(RawRow::read(json)),
            Some(Said::Done(_)) => {
                is_done = true;
                return ControlFlow::Break(());
            }
            _ => {}
        }
        ControlFlow::Continue(())
    })?;
    ensure!(is_done && !rows.is_empty(), "{}", last_words(&story));
    Ok(Heard {
        about: about.context("Linux did not say which it is")??,
        rows: rows.into_iter().collect::<Result<_>>()?,
    })
}

/// The end of what the machine said. That it ended with status 0 means no fault here: Linux switches it off, or resets it
/// after a panic.
fn last_words(story: &Story) -> String {
    const SHOWN: usize = 20;
    let lines = &story.lines[story.lines.len().saturating_sub(SHOWN)..];
    let end = match &story.end {
        End::Exit(Exit::TripleFault) => "the machine was switched off or reset".to_owned(),
        end => end.words(),
    };
    format!(
        "the last lines, of {}:\n    {}\n    end: {end}",
        story.lines.len(),
        lines.join("\n    ")
    )
}
