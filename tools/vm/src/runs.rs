//! How long machines ran.

use crate::{Machine, Payload, Timing};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A machine that has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// By the host's clock, and so longer on a host that has other things to do.
    pub took: Duration,
    /// The machine's kernel, image and command line in a few words.
    pub what: String,
}

/// All that one emulator has played.
#[derive(Clone, Debug, Default)]
pub(crate) struct Runs(Arc<Mutex<Vec<Run>>>);

/// A machine that runs. Dropping it writes down how long it did.
#[derive(Debug)]
pub(crate) struct Running {
    runs: Runs,
    began: Instant,
    what: String,
}

impl Runs {
    pub(crate) fn begin(&self, machine: &Machine, payload: &Payload) -> Running {
        Running {
            runs: self.clone(),
            began: Instant::now(),
            what: words(machine, payload),
        }
    }

    pub(crate) fn slowest(&self) -> Vec<Run> {
        let mut runs = self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        runs.sort_by_key(|run| std::cmp::Reverse(run.took));
        runs
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let run = Run {
            took: self.began.elapsed(),
            what: std::mem::take(&mut self.what),
        };
        let mut runs = self.runs.0.lock().unwrap_or_else(PoisonError::into_inner);
        runs.push(run);
    }
}

impl fmt::Display for Run {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:.1} s: {}", self.took.as_secs_f64(), self.what)
    }
}

/// What tells one machine from another.
fn words(machine: &Machine, payload: &Payload) -> String {
    let timing = match machine.timing {
        Timing::Parallel => "in parallel",
        Timing::Deterministic => "deterministic",
    };
    let (cpus, model, apic) = (machine.cpus, &machine.model, machine.apic);
    let plugin = machine.plugin.as_ref().map_or("", |_| ", with a plugin");
    let line = payload.command_line().trim();
    format!("{cpus} CPUs {timing}, {model}, {apic:?}{plugin}: `{line}`")
}

#[cfg(test)]
mod tests {
    use super::Runs;
    use crate::{Machine, Payload, Timing};
    use std::path::Path;

    #[test]
    fn what_ran_is_written_down() {
        let runs = Runs::default();
        let machine = Machine {
            timing: Timing::Deterministic,
            ..Machine::new(2)
        };
        let payload = Payload::new(Path::new("pecan")).with_command_line("tick=1 -- IPC");
        let running = runs.begin(&machine, &payload);
        assert!(runs.slowest().is_empty());
        drop(running);
        let what = "2 CPUs deterministic, max, X2: `tick=1 -- IPC`";
        assert_eq!(runs.slowest()[0].what, what);
    }

    #[test]
    fn the_slowest_comes_first() {
        let runs = Runs::default();
        let begin = |line| {
            runs.begin(
                &Machine::new(1),
                &Payload::new(Path::new("pecan")).with_command_line(line),
            )
        };
        let long = begin("long");
        drop(begin("short"));
        drop(long);
        let slowest = runs.slowest();
        assert!(slowest[0].what.contains("long") && slowest[1].what.contains("short"));
    }
}
