//! The emulator on this host.

use crate::runs::{Run, Runs};
use crate::{Plugin, Stalls};
use anyhow::{Context, Result, bail};
use std::env;
use std::ffi::OsString;
use std::process::Command;

/// How this project's plugins begin what they say.
const PLUGIN_NAME: &str = "pecan-plugin:";

/// A QEMU that answers.
#[derive(Clone, Debug)]
pub struct Qemu {
    program: OsString,
    version: [u32; 3],
    runs: Runs,
    stalls: Option<Stalls>,
}

impl Qemu {
    /// Asks the emulator for its version. `PECAN_QEMU` names one that is not in `PATH`; if there is a `PECAN_STALLS`, processors of
    /// its machines stand still now and then.
    ///
    /// # Errors
    /// When it is not there, or is not a QEMU.
    pub fn find() -> Result<Self> {
        let program = env::var_os("PECAN_QEMU").unwrap_or_else(|| "qemu-system-x86_64".into());
        let name = program.to_string_lossy().into_owned();
        let output = Command::new(&program)
            .arg("--version")
            .output()
            .with_context(|| format!("{name} does not start: run `cargo xtask setup`"))?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        match version(&text) {
            Some(version) => Ok(Self {
                program,
                version,
                runs: Runs::default(),
                stalls: env::var_os("PECAN_STALLS").map(|_| Stalls::default()),
            }),
            None => bail!(
                "{name} --version gives no version number but: {}",
                text.trim()
            ),
        }
    }

    /// The version, as in `10.0.2`.
    pub fn version(&self) -> String {
        let [major, minor, patch] = self.version;
        format!("{major}.{minor}.{patch}")
    }

    /// Whether its processors can have an x2APIC.
    pub fn has_x2apic(&self) -> bool {
        self.version >= [9, 0, 0]
    }

    /// Whether it has the plugin interface that this project's plugins use. A QEMU built without plugins lacks it in spite of this.
    pub fn has_plugin_interface(&self) -> bool {
        self.version >= [9, 1, 0]
    }

    /// Why it does not load a plugin of this project, which gets an argument with which it says its name and ends; `None` if
    /// it does. What is missing may be the whole of its plugin interface, or the version of it.
    ///
    /// # Errors
    /// When it does not start.
    pub fn why_not(&self, probe: &Plugin) -> Result<Option<String>> {
        let mut command = self.command();
        command.args(["-machine", "none", "-display", "none", "-plugin"]);
        let output = command.arg(probe.option()).output()?;
        let errors = String::from_utf8_lossy(&output.stderr);
        if errors.contains(PLUGIN_NAME) {
            return Ok(None);
        }
        let told = errors.lines().next().unwrap_or("it gives no reason");
        let version = self.version();
        Ok(Some(format!(
            "QEMU {version} does not load the plugin, whose interface is that of QEMU 9.1 and later: {told}"
        )))
    }

    /// The machines that it has played so far, the slowest first.
    pub fn slowest(&self) -> Vec<Run> {
        self.runs.slowest()
    }

    /// What stood still, if anything is to.
    pub fn stalls(&self) -> Option<&Stalls> {
        self.stalls.as_ref()
    }

    /// From now on processors stand still now and then.
    pub fn stall(&mut self) {
        self.stalls.get_or_insert_default();
    }

    pub(crate) fn runs(&self) -> &Runs {
        &self.runs
    }

    pub(crate) fn command(&self) -> Command {
        Command::new(&self.program)
    }
}

/// Finds the number in `QEMU emulator version 10.0.2 (Debian 1:10.0.2+ds-2)`.
fn version(text: &str) -> Option<[u32; 3]> {
    let number = text
        .split("version ")
        .nth(1)?
        .split([' ', '\n', '('])
        .next()?;
    let mut parts = number.split('.').map(|part| part.parse().ok());
    Some([
        parts.next()??,
        parts.next()??,
        parts.next().flatten().unwrap_or(0),
    ])
}

#[cfg(test)]
mod tests {
    use super::version;

    #[test]
    fn versions_are_found() {
        assert_eq!(
            version("QEMU emulator version 10.0.2 (Debian 1:10.0.2+ds-2)\nCopyright"),
            Some([10, 0, 2])
        );
        assert_eq!(
            version("QEMU emulator version 7.2.22 (Debian)"),
            Some([7, 2, 22])
        );
        assert_eq!(version("QEMU emulator version 9.1\n"), Some([9, 1, 0]));
        assert_eq!(version("something else"), None);
    }
}
