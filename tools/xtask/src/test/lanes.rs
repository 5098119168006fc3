//! Carrying out steps at the same time.

use super::command::{self, Outcome};
use super::step::{Lane, Step};
use super::tally::Tally;
use crate::progress::Progress;
use anyhow::Result;
use std::path::{Path, PathBuf};
use std::sync::mpsc::channel;
use std::thread;

/// What the commands of a lane did.
struct Ran {
    log: PathBuf,
    outcomes: Vec<Outcome>,
}

/// A step of which not all lanes have come to their end.
struct Open {
    name: &'static str,
    lanes: usize,
    tally: Tally,
}

/// Runs all lanes of all these steps beside one another, each with its log in the folder `logs`, and gives each step to `end`
/// when its last lane is done.
pub(crate) fn carry_out(
    logs: &Path,
    steps: Vec<Step>,
    mut end: impl FnMut(&'static str, Tally),
) -> Result<()> {
    let mut progress = Progress::uncounted();
    let names: Vec<&str> = steps.iter().map(|step| step.name).collect();
    progress.begin(&names.join(", "));
    let progress = &progress;
    let (sender, receiver) = channel();
    thread::scope(|scope| {
        let mut open = Vec::new();
        for (index, step) in steps.into_iter().enumerate() {
            let lanes = step.lanes.unwrap_or_else(|why| {
                progress.pause(|| eprintln!("      {}: skipped: {why}", step.name));
                Vec::new()
            });
            open.push(Open::new(step.name, lanes.len()));
            for lane in lanes {
                let sender = sender.clone();
                scope.spawn(move || sender.send((index, follow(logs, lane, progress))));
            }
        }
        drop(sender);
        for step in open.iter().filter(|step| step.lanes == 0) {
            end(step.name, step.tally);
        }
        for (index, ran) in receiver {
            let ran = ran?;
            let step: &mut Open = &mut open[index];
            progress.pause(|| {
                step.take(&ran);
                if step.lanes == 0 {
                    end(step.name, step.tally);
                }
            });
        }
        Ok(())
    })
}

impl Open {
    /// A step without lanes is skipped.
    fn new(name: &'static str, lanes: usize) -> Self {
        let tally = Tally {
            skipped: u64::from(lanes == 0),
            ..Tally::default()
        };
        Self { name, lanes, tally }
    }

    /// Counts what a lane did, and prints what is to be known of it.
    fn take(&mut self, ran: &Ran) {
        self.lanes -= 1;
        for outcome in &ran.outcomes {
            if !outcome.success {
                outcome.show(&ran.log);
            }
            for (reason, count) in outcome.skips() {
                eprintln!("      skipped {count}: {reason}");
            }
            self.tally += outcome.tally;
        }
    }
}

fn follow(logs: &Path, lane: Lane, progress: &Progress) -> Result<Ran> {
    let log = logs.join(format!("{}.log", lane.log));
    let mut outcomes = Vec::new();
    for mut command in lane.commands {
        outcomes.push(command::listen(&mut command, &log, |line| {
            progress.say(line)
        })?);
    }
    Ok(Ran { log, outcomes })
}

#[cfg(test)]
mod tests {
    use super::{Lane, Step, carry_out};
    use crate::test::tally::Tally;
    use std::collections::BTreeMap;
    use std::process::Command;

    fn shell(line: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", line]);
        command
    }

    #[test]
    fn each_step_ends_once_with_all_that_its_lanes_did() {
        let logs = tempfile::tempdir().expect("a folder");
        let tests = |passed| {
            shell(&format!(
                "echo 'test result: ok. {passed} passed; 0 failed; 3 ignored;'"
            ))
        };
        let several = vec![
            Lane::of("lanes-of-tests", [tests(1), tests(20)]),
            Lane::of("lanes-of-tests-2", [shell("exit 1"), tests(300)]),
        ];
        let steps = vec![
            Step::new("several", "", several),
            Step {
                lanes: Err("nothing is there".into()),
                ..Step::new("none", "", Vec::new())
            },
            Step::new(
                "one",
                "",
                vec![Lane::of("lanes-of-tests-3", [shell("true")])],
            ),
        ];
        let mut ends = Vec::new();
        carry_out(logs.path(), steps, |name, tally| ends.push((name, tally))).expect("a shell");
        let tally = |passed, failed, skipped| Tally {
            passed,
            failed,
            skipped,
        };
        assert_eq!(ends.len(), 3);
        let expected = [
            ("none", tally(0, 0, 1)),
            ("one", tally(1, 0, 0)),
            ("several", tally(321, 1, 9)),
        ];
        assert_eq!(BTreeMap::from_iter(ends), BTreeMap::from(expected));
    }
}
