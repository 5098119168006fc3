//! The same rows with and without each technique.

use super::technique::{BUFFER, WALK};
use super::variant::Variant;
use super::{Ablation, Copied, Pair, Place, Removed, Subject, TECHNIQUES, Technique, Way};
use crate::accounting::{Account, Counts, Order, Outcome, account_payload};
use crate::run::{rows, words};
use crate::{LONG, RawRow, join};
use anyhow::{Context, Result};
use pecan_vm::{Machine, Payload, Qemu, Timing, Workspace};

/// One word: 8 bytes.
const WORDS: u32 = 1;

/// Lengths of the copy experiment, in bytes: those of the rows that the benchmark has.
const LENGTHS: [u64; 4] = [512, 4096, 65_536, 1 << 20];

/// How strings go from space to space.
const WINDOW: &str = "temporary mapping";
/// Features that take temporary mapping out, and how strings go then.
const COPIES: [(&str, &str); 2] = [
    (BUFFER, "copy in and out"),
    (WALK, "walk over the physical map"),
];

/// Builds a kernel without each technique, lets it pass the tests of IPC, and measures it beside the kernel as it is.
///
/// `progress` gets what is going on, the steps of that done, the steps in all, and the step.
///
/// # Errors
/// When something does not build, a test fails, or a run does not end well.
pub fn measure(
    workspace: &Workspace,
    qemu: &Qemu,
    mut progress: impl FnMut(&str, u64, u64, &str),
) -> Result<Ablation> {
    let base = Variant::base(workspace)?;
    let lab = Lab { workspace, qemu };
    let mut bases: Vec<((Way, Place), Figures)> = Vec::new();
    let mut ablation = Vec::new();
    let mut copy = Vec::new();
    for (number, technique) in (1..).zip(&TECHNIQUES) {
        let name = format!("{number}/{} {}", TECHNIQUES.len(), technique.feature);
        let mut step = |done, total, text: &str| progress(&name, done, total, text);
        let setting = (technique.way, technique.place);
        step(0, 0, "building");
        let variant = base.without(workspace, technique)?;
        if technique.subject == Subject::Kernel {
            let tried = variant.try_out(workspace, qemu, technique, &mut step);
            tried.with_context(|| format!("the kernel {} is not right", technique.feature))?;
        }
        let with = match bases.iter().find(|(other, _)| *other == setting) {
            Some((_, with)) => *with,
            None => {
                let with = lab.figures(&base, setting, &mut step)?;
                bases.push((setting, with));
                with
            }
        };
        let figures = lab.figures(&variant, setting, &mut step)?;
        ablation.push(removed(technique, &with, &figures));
        if technique.feature == BUFFER {
            copy.extend(lab.copies(&base, WINDOW, &mut step)?);
        }
        if let Some((_, method)) = COPIES.iter().find(|(it, _)| *it == technique.feature) {
            copy.extend(lab.copies(&variant, method, &mut step)?);
        }
    }
    Ok(Ablation {
        schema: 1,
        qemu: qemu.version(),
        ablation,
        copy,
    })
}

fn removed(technique: &Technique, base: &Figures, without: &Figures) -> Removed {
    let kernel8 = base.kernel8.zip(without.kernel8);
    let ipis8 = base.ipis8.zip(without.ipis8);
    Removed {
        technique: technique.name.into(),
        without: technique.without.into(),
        way: technique.way,
        row: technique.place.rows()[0].into(),
        words8: Pair::of(base, without, |figures| figures.words8),
        bytes4096: Pair::of(base, without, |figures| figures.bytes4096),
        kernel8: kernel8.map(|(base, without)| Pair { base, without }),
        ipis8: ipis8.map(|(base, without)| Pair { base, without }),
    }
}

/// What one kernel costs.
#[derive(Clone, Copy)]
struct Figures {
    words8: u64,
    bytes4096: u64,
    kernel8: Option<Counts>,
    ipis8: Option<f64>,
}

/// Where it is measured.
struct Lab<'a> {
    workspace: &'a Workspace,
    qemu: &'a Qemu,
}

impl Lab<'_> {
    fn figures(
        &self,
        variant: &Variant,
        (way, place): (Way, Place),
        step: &mut impl FnMut(u64, u64, &str),
    ) -> Result<Figures> {
        let [short, long] = place.rows();
        let length = format!("words={WORDS}");
        let command_line = words("account", &[&length, short, long]);
        let payload = variant.payload(self.workspace, way, &command_line)?;
        let (rows, accounts) = self.counted(&payload, place.cpus(), step)?;
        let joined = join(&rows, &[]);
        let row = |id: &str| {
            let found = joined.iter().find(|row| row.id == id);
            found.with_context(|| format!("the benchmark did not measure {id}"))
        };
        let account = accounts.iter().find(|account| account.id == short);
        Ok(Figures {
            words8: row(short)?.instructions_one_way.context("no one way")?,
            bytes4096: row(long)?
                .instructions_round_trip
                .context("no round trip")?,
            kernel8: account.map(|account| account.kernel),
            ipis8: row(short)?.ipis_round_trip,
        })
    }

    /// The copy experiment with one kernel: nothing where QEMU does not take the plugin.
    fn copies(
        &self,
        variant: &Variant,
        method: &str,
        step: &mut impl FnMut(u64, u64, &str),
    ) -> Result<Vec<Copied>> {
        let ids = LENGTHS.map(|bytes| format!("{LONG}{bytes}"));
        let command_line = words("account", &ids.each_ref().map(String::as_str));
        let payload = variant.payload(self.workspace, Way::Short, &command_line)?;
        let (_, accounts) = self.counted(&payload, 1, step)?;
        let copied = |account: &Account| {
            let bytes = account.id.strip_prefix(LONG)?.parse().ok()?;
            let counts = account.kernel;
            Some(Copied {
                method: method.into(),
                bytes,
                instructions: counts.instructions,
                loads: counts.loads,
                stores: counts.stores,
                data_lines: counts.data_lines,
                data_pages: counts.data_pages,
                cr3_writes: counts.cr3_writes,
            })
        };
        Ok(accounts.iter().filter_map(copied).collect())
    }

    /// Rows of the deterministic run, and what they do and touch if QEMU takes the plugin.
    fn counted(
        &self,
        payload: &Payload,
        cpus: u32,
        step: &mut impl FnMut(u64, u64, &str),
    ) -> Result<(Vec<RawRow>, Vec<Account>)> {
        let order = Order {
            cpus,
            ids: &[],
            lines: false,
        };
        match account_payload(self.workspace, self.qemu, order, payload, &mut *step)? {
            Outcome::Counted(counted) => Ok((counted.rows, counted.accounts)),
            Outcome::Unfit(_) => {
                let machine = Machine {
                    timing: Timing::Deterministic,
                    ..Machine::new(cpus)
                };
                Ok((rows(self.qemu, &machine, payload, step)?, Vec::new()))
            }
        }
    }
}
