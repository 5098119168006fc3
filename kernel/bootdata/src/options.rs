//! The kernel's command line.
//!
//! Words are split at spaces. The first word that is just `--` ends the kernel's part: all behind it belongs to the root task.

use arrayvec::ArrayVec;
use log::LevelFilter;

/// Most targets that can have a log level of their own.
pub const MAX_LOG_TARGETS: usize = 16;

/// Timer ticks that are accepted, in microseconds.
pub const TICKS: core::ops::RangeInclusive<u32> = 50..=1_000_000;

/// What the command line asks for.
#[derive(Clone, Debug)]
pub struct Options<'a> {
    /// `log=`: level of every target without one of its own.
    pub log: LevelFilter,
    /// `log.<target>=`: levels of single targets.
    pub log_targets: ArrayVec<(&'a str, LevelFilter), MAX_LOG_TARGETS>,
    /// `apic=x`: use the APIC through its registers in memory even when the CPU offers more.
    pub force_xapic: bool,
    /// `kmem=`: size of the kernel reserve in MiB.
    pub kernel_memory_mib: Option<u32>,
    /// `tick=`: timer tick in microseconds.
    pub tick_micros: u32,
    /// `compat=pistachio`: give threads what old X.2 binaries assume (IOPL 3, INT3 console operations).
    pub compat_pistachio: bool,
    /// `faults=`, `faults.seed=`: what a bad machine does.
    pub faults: Faults,
    /// `ipc=general`: no message takes the straight line; for tests that compare both ways.
    pub general_ipc: bool,
    /// What stands behind `--`, for the root task.
    pub root: &'a [u8],
}

/// A bad machine, for the debug kernel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    /// `ipi`: interrupts between CPUs come late.
    pub late_interrupts: bool,
    /// `hold`: CPUs stand still at random.
    pub still_stands: bool,
    /// Start of the random numbers.
    pub seed: u64,
}

impl Faults {
    /// Takes the kinds, which have commas between them; the seed stays.
    fn take(&mut self, kinds: &str) -> Option<()> {
        let mut taken = Self {
            seed: self.seed,
            ..Self::default()
        };
        for kind in kinds.split(',') {
            match kind {
                "ipi" => taken.late_interrupts = true,
                "hold" => taken.still_stands = true,
                _ => return None,
            }
        }
        *self = taken;
        Some(())
    }
}

impl Default for Options<'_> {
    fn default() -> Self {
        Self {
            log: LevelFilter::Info,
            log_targets: ArrayVec::new_const(),
            force_xapic: false,
            kernel_memory_mib: None,
            tick_micros: 1000,
            compat_pistachio: false,
            faults: Faults::default(),
            general_ipc: false,
            root: &[],
        }
    }
}

/// Why a word of the command line is ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Problem<'a> {
    /// No option has this name.
    Unknown(&'a str),
    /// The option exists, the value makes no sense.
    BadValue(&'a str),
    /// The word is not text.
    NotText,
}

impl<'a> Options<'a> {
    /// Reads a command line; calls `report` for each word that is ignored.
    pub fn parse(line: &'a [u8], mut report: impl FnMut(Problem<'a>)) -> Self {
        let mut options = Self::default();
        let mut rest = line;
        while let Some((word, behind)) = next_word(rest) {
            rest = behind;
            if word == b"--" {
                options.root = rest;
                break;
            }
            if let Err(problem) = options.take(word) {
                report(problem);
            }
        }
        options
    }

    fn take(&mut self, word: &'a [u8]) -> Result<(), Problem<'a>> {
        let word = core::str::from_utf8(word).map_err(|_| Problem::NotText)?;
        let bad = Problem::BadValue(word);
        let (name, value) = word.split_once('=').ok_or(Problem::Unknown(word))?;
        match name {
            "log" => self.log = value.parse().map_err(|_| bad)?,
            "apic" if value == "x" => self.force_xapic = true,
            "apic" if value == "x2" => self.force_xapic = false,
            "kmem" => {
                self.kernel_memory_mib = Some(value.parse().ok().filter(|mib| *mib > 0).ok_or(bad)?)
            }
            "tick" => {
                self.tick_micros = value
                    .parse()
                    .ok()
                    .filter(|tick| TICKS.contains(tick))
                    .ok_or(bad)?
            }
            "faults" => self.faults.take(value).ok_or(bad)?,
            "faults.seed" => self.faults.seed = value.parse().map_err(|_| bad)?,
            "compat" if value == "pistachio" => self.compat_pistachio = true,
            "ipc" if value == "general" => self.general_ipc = true,
            "apic" | "compat" | "ipc" => return Err(bad),
            _ => match name.strip_prefix("log.") {
                Some(target) if !target.is_empty() => {
                    let level = value.parse().map_err(|_| bad)?;
                    self.log_targets
                        .try_push((target, level))
                        .map_err(|_| bad)?;
                }
                _ => return Err(Problem::Unknown(word)),
            },
        }
        Ok(())
    }

    /// The level of a target.
    #[must_use]
    pub fn level(&self, target: &str) -> LevelFilter {
        self.log_targets
            .iter()
            .rev()
            .find(|(name, _)| *name == target)
            .map_or(self.log, |(_, level)| *level)
    }

    /// The most talkative level of all targets.
    #[must_use]
    pub fn max_level(&self) -> LevelFilter {
        self.log_targets
            .iter()
            .map(|(_, level)| *level)
            .max()
            .map_or(self.log, |level| level.max(self.log))
    }
}

/// The first word and what stands behind the one space that ends it.
fn next_word(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let start = line.iter().position(|byte| *byte != b' ')?;
    let line = &line[start..];
    let end = line
        .iter()
        .position(|byte| *byte == b' ')
        .unwrap_or(line.len());
    let behind = line.get(end + 1..).unwrap_or(&[]);
    Some((&line[..end], behind))
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::{Faults, Options, Problem};
    use log::LevelFilter;
    use std::vec::Vec;

    fn parse(line: &[u8]) -> (Options<'_>, Vec<Problem<'_>>) {
        let mut problems = Vec::new();
        let options = Options::parse(line, |problem| problems.push(problem));
        (options, problems)
    }

    #[test]
    fn everything_at_once() {
        let (o, p) = parse(b"  log=debug log.ipc=trace apic=x kmem=64 tick=250 compat=pistachio ipc=general -- run  all -- x=1 ");
        assert_eq!(
            (o.log, o.level("ipc"), o.level("boot")),
            (LevelFilter::Debug, LevelFilter::Trace, LevelFilter::Debug)
        );
        assert_eq!(o.max_level(), LevelFilter::Trace);
        assert_eq!(
            (o.force_xapic, o.kernel_memory_mib, o.tick_micros),
            (true, Some(64), 250)
        );
        assert!(o.compat_pistachio && o.general_ipc);
        assert_eq!(o.root, b"run  all -- x=1 ");
        assert!(p.is_empty());
    }

    #[test]
    fn faults() {
        let (o, p) = parse(b"faults=hold faults.seed=7 faults=ipi,hold");
        let both = Faults {
            late_interrupts: true,
            still_stands: true,
            seed: 7,
        };
        assert_eq!((o.faults, p.len()), (both, 0));
        let (o, p) = parse(b"faults=ipi,fire faults= faults.seed=-1 faults.kind=ipi");
        assert_eq!((o.faults, p.len()), (Faults::default(), 4));
        assert_eq!(p[0], Problem::BadValue("faults=ipi,fire"));
    }

    #[test]
    fn the_last_word_wins() {
        let (o, _) = parse(b"log.a=off log.a=warn apic=x apic=x2");
        assert_eq!(o.level("a"), LevelFilter::Warn);
        assert!(!o.force_xapic);
    }

    #[test]
    fn nonsense_is_reported_and_ignored() {
        let line = b"foo bar=1 log=loud log.=info log.x=2 kmem=-1 kmem=0 tick=0 tick=49 tick=1000001 apic=y compat=linux ipc=slow \xff\xfe =";
        let (o, p) = parse(line);
        assert_eq!(p.len(), 15);
        assert_eq!(p[0], Problem::Unknown("foo"));
        assert_eq!(p[2], Problem::BadValue("log=loud"));
        assert_eq!(p[13], Problem::NotText);
        assert_eq!(
            (o.log, o.tick_micros, o.kernel_memory_mib),
            (LevelFilter::Info, 1000, None)
        );
        assert!(!o.force_xapic && !o.compat_pistachio && !o.general_ipc);
    }

    #[test]
    fn the_root_part_may_be_empty_or_first() {
        assert_eq!(parse(b"").0.root, b"");
        assert_eq!(parse(b"--").0.root, b"");
        assert_eq!(parse(b"-- a").0.root, b"a");
        assert_eq!(parse(b"tick=100 --  a").0.root, b" a");
        assert_eq!(parse(b"a--b").1, [Problem::Unknown("a--b")]);
    }

    #[test]
    fn too_many_targets_are_reported() {
        let line: Vec<u8> = (0..20)
            .flat_map(|i| std::format!("log.t{i}=info ").into_bytes())
            .collect();
        assert_eq!(parse(&line).1.len(), 4);
    }
}
