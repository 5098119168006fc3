//! The computer that QEMU plays.

use std::ffi::{OsStr, OsString};
use std::iter;
use std::path::{Path, PathBuf};

/// How the processors reach their interrupt controllers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Apic {
    /// Model-specific registers, 32-bit ids; needs QEMU 9.0 or later.
    X2,
    /// Memory-mapped registers, 8-bit ids.
    X,
}

/// How the emulator's time goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timing {
    /// A host thread for each processor; time is the host's.
    Parallel,
    /// One host thread; a nanosecond and a time-stamp tick per instruction; every run is the same.
    Deterministic,
}

/// A library that QEMU loads to look on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plugin {
    file: PathBuf,
    /// What it is told: names with values.
    arguments: Vec<(&'static str, OsString)>,
}

/// A machine shape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Machine {
    /// Number of processors, from 1.
    pub cpus: u32,
    /// Memory in MiB.
    pub memory_mib: u32,
    /// Interrupt controller mode on offer.
    pub apic: Apic,
    /// QEMU's processor model, `max` or an older one such as `qemu64`.
    pub model: String,
    /// Emulator threads and time.
    pub timing: Timing,
    /// Waits for a debugger on TCP port 1234 before the first instruction.
    pub debugger: bool,
    /// Where the memory is a file, which remains when the machine has ended: byte for byte for up to 2 GiB.
    pub memory_file: Option<PathBuf>,
    /// Who looks on, if [`Qemu::why_not`](crate::Qemu::why_not) has nothing against it.
    pub plugin: Option<Plugin>,
}

impl Machine {
    /// The usual machine: everything the emulator can do, with `cpus` processors in parallel.
    pub fn new(cpus: u32) -> Self {
        Self {
            cpus,
            memory_mib: 512,
            apic: Apic::X2,
            model: "max".into(),
            timing: Timing::Parallel,
            debugger: false,
            memory_file: None,
            plugin: None,
        }
    }

    /// The arguments of `qemu-system-x86_64`.
    pub(crate) fn arguments(
        &self,
        kernel: &Path,
        image: Option<&Path>,
        command_line: &str,
    ) -> Vec<OsString> {
        let mut words: Vec<OsString> = Vec::new();
        let mut say = |text: &str| words.extend(text.split(' ').map(OsString::from));
        say("-machine q35 -nodefaults -vga none -display none -no-reboot -serial stdio");
        // The host's names of its threads say which are processors.
        say("-name pecan,debug-threads=on");
        // A second serial port for programs, at which nobody listens.
        say("-serial null");
        say("-device isa-debug-exit,iobase=0xf4,iosize=4");
        say(&format!(
            "-cpu {} -smp {} -m {}",
            self.processor(),
            self.cpus,
            self.memory_mib
        ));
        say(match self.timing {
            Timing::Parallel => "-accel tcg,thread=multi",
            Timing::Deterministic => "-accel tcg,thread=single -icount shift=0,sleep=off",
        });
        if self.debugger {
            say("-s -S");
        }
        if let Some(file) = &self.memory_file {
            say("-machine memory-backend=memory -object");
            let mut object = OsString::from(format!(
                "memory-backend-file,id=memory,size={}M,share=on,mem-path=",
                self.memory_mib
            ));
            object.push(escaped(file.as_os_str()));
            words.push(object);
        }
        if let Some(plugin) = &self.plugin {
            words.extend(["-plugin".into(), plugin.option()]);
        }
        words.extend(["-kernel".into(), kernel.into()]);
        if let Some(image) = image {
            words.extend(["-initrd".into(), image.into()]);
        }
        if !command_line.is_empty() {
            words.extend(["-append".into(), command_line.into()]);
        }
        words
    }

    /// Model and features; old models have no x2APIC that could be taken away.
    fn processor(&self) -> String {
        match self.apic {
            Apic::X if self.model == "max" => "max,-x2apic".into(),
            _ => self.model.clone(),
        }
    }
}

/// A value in an option of QEMU, where a comma ends it and two are one.
fn escaped(value: &OsStr) -> String {
    value.to_string_lossy().replace(',', ",,")
}

impl Plugin {
    /// A library that is told one thing.
    pub fn new(file: &Path, name: &'static str, value: impl Into<OsString>) -> Self {
        Self {
            file: file.to_owned(),
            arguments: vec![(name, value.into())],
        }
    }

    /// And another.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<OsString>) -> Self {
        self.arguments.push((name, value.into()));
        self
    }

    /// The value of QEMU's option: file and arguments with commas in between.
    pub(crate) fn option(&self) -> OsString {
        let named = self
            .arguments
            .iter()
            .map(|(name, value)| format!("{name}={}", escaped(value)));
        let parts: Vec<String> = iter::once(escaped(self.file.as_os_str()))
            .chain(named)
            .collect();
        parts.join(",").into()
    }
}

#[cfg(test)]
mod tests {
    use super::{Apic, Machine, Plugin, Timing};
    use std::path::Path;

    fn joined(machine: &Machine, image: Option<&str>, command_line: &str) -> String {
        let words = machine.arguments(Path::new("pecan"), image.map(Path::new), command_line);
        let words: Vec<_> = words.iter().map(|word| word.to_string_lossy()).collect();
        words.join("|")
    }

    #[test]
    fn parallel_x2apic() {
        let line = joined(&Machine::new(4), Some("a b.tar"), "log=off -- one two");
        assert!(
            line.contains("-cpu|max|-smp|4|-m|512|-accel|tcg,thread=multi|"),
            "{line}"
        );
        assert!(
            line.ends_with("-kernel|pecan|-initrd|a b.tar|-append|log=off -- one two"),
            "{line}"
        );
    }

    #[test]
    fn deterministic_xapic_without_image() {
        let machine = Machine {
            apic: Apic::X,
            timing: Timing::Deterministic,
            debugger: true,
            ..Machine::new(1)
        };
        let line = joined(&machine, None, "");
        assert!(line.contains("-cpu|max,-x2apic|"), "{line}");
        assert!(
            line.contains("thread=single|-icount|shift=0,sleep=off|-s|-S|"),
            "{line}"
        );
        assert!(
            !line.contains("-initrd") && !line.contains("-append"),
            "{line}"
        );
    }

    #[test]
    fn memory_is_a_file_if_asked_for() {
        let machine = Machine {
            memory_file: Some("a,b c".into()),
            memory_mib: 64,
            ..Machine::new(1)
        };
        let line = joined(&machine, None, "");
        let object = "-object|memory-backend-file,id=memory,size=64M,share=on,mem-path=a,,b c|";
        assert!(line.contains(object), "{line}");
        assert!(!joined(&Machine::new(1), None, "").contains("-object"));
    }

    #[test]
    fn old_models_keep_their_name() {
        let machine = Machine {
            apic: Apic::X,
            model: "qemu64".into(),
            ..Machine::new(2)
        };
        assert!(joined(&machine, None, "").contains("-cpu|qemu64|"));
    }

    #[test]
    fn plugins_with_commas() {
        let plugin = Plugin::new(Path::new("a,b.so"), "out", "c,d");
        let machine = Machine {
            plugin: Some(plugin.with("lines", "on")),
            ..Machine::new(1)
        };
        let line = joined(&machine, None, "");
        assert!(
            line.contains("|-plugin|a,,b.so,out=c,,d,lines=on|-kernel|"),
            "{line}"
        );
    }
}
