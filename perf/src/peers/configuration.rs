//! How Linux is started.

use serde::{Deserialize, Serialize};

/// What every start has in common.
///
/// Addresses are not random, and the clock is taken as it is. Without the two processor features for fast copies of bytes,
/// Linux copies by words of 8 bytes like Pecan: the emulator counts each byte of the former as an instruction.
const ALWAYS: &str = "console=ttyS0 quiet rdinit=/init panic=-1 nokaslr norandmaps tsc=reliable clearcpuid=erms,fsrm";

/// Takes away what only makes attacks harder, which Pecan does not have.
const LEAN: &str =
    "mitigations=off randomize_kstack_offset=off init_on_alloc=0 hardened_usercopy=off";

/// One way to start Linux.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Configuration {
    /// Without what only makes attacks harder: the one to compare with.
    Lean,
    /// The same, and a CPU that has nothing to do polls, so that waking it needs no interrupt. Only between CPUs.
    Polling,
    /// As Debian ships it.
    Shipped,
}

impl Configuration {
    /// All, in the order in which they run.
    pub const ALL: [Self; 3] = [Self::Lean, Self::Polling, Self::Shipped];

    /// Its name, as in the JSON.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Lean => "lean",
            Self::Polling => "polling",
            Self::Shipped => "shipped",
        }
    }

    /// Whether a machine with `cpus` processors shows anything in it.
    pub(crate) fn fits(self, cpus: u32) -> bool {
        cpus > 1 || self != Self::Polling
    }

    /// Whether it is run for time, too. What Debian adds is seen in instructions; time would not tell it from noise.
    pub(crate) fn has_times(self) -> bool {
        self != Self::Shipped
    }

    /// The kernel's command line, with arguments for its first program.
    pub(crate) fn command_line(self, quick: bool) -> String {
        let options = match self {
            Self::Lean => format!("{ALWAYS} {LEAN}"),
            Self::Polling => format!("{ALWAYS} {LEAN} idle=poll"),
            Self::Shipped => ALWAYS.to_owned(),
        };
        let quick = if quick { " quick" } else { "" };
        let rows = if self == Self::Polling {
            " only=inter"
        } else {
            ""
        };
        format!("{options} --{quick}{rows}")
    }
}

#[cfg(test)]
mod tests {
    use super::Configuration;

    #[test]
    fn safeguards_are_off_where_they_should() {
        let off = |configuration: Configuration| {
            configuration
                .command_line(false)
                .contains("mitigations=off")
        };
        assert_eq!(Configuration::ALL.map(off), [true, true, false]);
    }

    #[test]
    fn arguments_come_last() {
        for configuration in Configuration::ALL {
            let line = configuration.command_line(true);
            let (_, arguments) = line.split_once(" -- ").expect("arguments");
            assert!(arguments.starts_with("quick"), "{line}");
            assert_eq!(
                arguments.contains("only=inter"),
                configuration == Configuration::Polling
            );
        }
    }

    #[test]
    fn names_are_those_of_the_json() {
        for configuration in Configuration::ALL {
            let json = serde_json::to_value(configuration).expect("a text");
            assert_eq!(json, configuration.name());
        }
    }

    #[test]
    fn one_cpu_has_nobody_to_poll() {
        assert!(!Configuration::Polling.fits(1));
        assert!(Configuration::Polling.fits(2) && Configuration::Lean.fits(1));
    }
}
