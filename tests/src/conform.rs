//! A run of the conformance program.

use crate::Id;
use pecan_vm::report::{self, Report, Verdict};
use pecan_vm::{End, Exit, Story};
use std::collections::{BTreeMap, BTreeSet};

/// What a test of the program did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// What it should.
    Ok,
    /// Something else.
    Fail(String),
    /// Nothing, for a reason.
    Skip(String),
}

/// What the program said.
#[derive(Clone, Debug)]
pub struct Conform {
    cpus: u32,
    plan: BTreeSet<String>,
    outcomes: BTreeMap<String, Vec<Outcome>>,
    done: Option<String>,
    story: Story,
}

impl Conform {
    /// Reads the lines of a machine with `cpus` processors.
    pub fn read(cpus: u32, story: Story) -> Self {
        let mut plan = BTreeSet::new();
        let mut outcomes: BTreeMap<String, Vec<Outcome>> = BTreeMap::new();
        let mut done = None;
        for line in &story.lines {
            match report::read(line) {
                Some(Report::Plan(ids)) => plan.extend(ids.into_iter().map(str::to_owned)),
                Some(Report::Test(id, verdict)) => {
                    let outcome = match verdict {
                        Verdict::Ok => Outcome::Ok,
                        Verdict::Fail(why) => Outcome::Fail(why.to_owned()),
                        Verdict::Skip(why) => Outcome::Skip(why.to_owned()),
                    };
                    outcomes.entry(id.to_owned()).or_default().push(outcome);
                }
                Some(Report::Done(text)) => done = Some(text.to_owned()),
                _ => {}
            }
        }
        Self {
            cpus,
            plan,
            outcomes,
            done,
            story,
        }
    }

    /// What a listed test did: `Ok` with the reason of a permitted skip, if it was one.
    ///
    /// # Errors
    /// When it failed, was not reported exactly once, or was skipped without need.
    pub fn judge(&self, id: &Id) -> Result<Option<&str>, String> {
        let needless = id.cpus <= self.cpus;
        match self.outcomes.get(&id.name).map_or(&[][..], Vec::as_slice) {
            [Outcome::Ok] if needless => Ok(None),
            [Outcome::Ok] => Err(format!(
                "ran on {} CPUs, though ids.txt says that it needs {}",
                self.cpus, id.cpus
            )),
            [Outcome::Skip(why)] if !needless => Ok(Some(why)),
            [Outcome::Skip(why)] => Err(format!(
                "was skipped ({why}), which ids.txt does not allow here"
            )),
            [Outcome::Fail(why)] => Err(why.clone()),
            [] => Err("was never reported: the shape's `plan` shows how the machine ended".into()),
            several => Err(format!("was reported {} times", several.len())),
        }
    }

    /// Whether the program ran what the list has, and ended as it should.
    ///
    /// # Errors
    /// Ids that only one of them has, a missing or wrong last line, and an end that does not fit.
    pub fn judge_whole(&self, ids: &[Id]) -> Result<(), String> {
        let listed: BTreeSet<&str> = ids.iter().map(|id| id.name.as_str()).collect();
        let planned: BTreeSet<&str> = self.plan.iter().map(String::as_str).collect();
        let reported: BTreeSet<&str> = self.outcomes.keys().map(String::as_str).collect();
        let mut wrong = Vec::new();
        let mut differ = |what: &str, a: &BTreeSet<&str>, b: &BTreeSet<&str>| {
            let only: Vec<&str> = a.difference(b).copied().collect();
            if !only.is_empty() {
                wrong.push(format!("{what}: {}", only.join(" ")));
            }
        };
        differ(
            "in ids.txt but not in the program's plan",
            &listed,
            &planned,
        );
        differ(
            "in the program's plan but not in ids.txt",
            &planned,
            &listed,
        );
        differ("reported but not planned", &reported, &planned);
        let failed = self
            .outcomes
            .values()
            .flatten()
            .filter(|outcome| matches!(outcome, Outcome::Fail(_)))
            .count();
        let expected = format!("{} tests {failed} failed", self.plan.len());
        if self.done.as_ref() != Some(&expected) {
            wrong.push(format!(
                "the last line should be `[done] {expected}` but is {:?}",
                self.done
            ));
        }
        let end = if failed == 0 {
            Exit::Success
        } else {
            Exit::Failure
        };
        if self.story.end != End::Exit(end) {
            wrong.push(self.story.tail());
        }
        if wrong.is_empty() {
            Ok(())
        } else {
            Err(wrong.join("\n"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Conform;
    use crate::Id;
    use pecan_vm::{End, Exit, Story};

    fn run(cpus: u32, end: Exit, lines: &[&str]) -> Conform {
        let lines = lines.iter().map(|&line| line.to_owned()).collect();
        Conform::read(
            cpus,
            Story {
                lines,
                end: End::Exit(end),
            },
        )
    }

    fn id(name: &str, cpus: u32) -> Id {
        Id {
            name: name.into(),
            cpus,
            holds: false,
        }
    }

    #[test]
    fn a_good_run_is_good() {
        let run = run(
            1,
            Exit::Success,
            &[
                "[plan] A0001 B0001",
                "[test] A0001 ok",
                "[test] B0001 skip one CPU",
                "[done] 2 tests 0 failed",
            ],
        );
        let ids = [id("A0001", 1), id("B0001", 2)];
        assert_eq!(run.judge_whole(&ids), Ok(()));
        assert_eq!(run.judge(&ids[0]), Ok(None));
        assert_eq!(run.judge(&ids[1]), Ok(Some("one CPU")));
    }

    #[test]
    fn each_single_fault_is_seen() {
        let run = run(
            2,
            Exit::Success,
            &[
                "[test] A0001 FAIL bad",
                "[test] B0001 skip why",
                "[test] C0001 ok",
                "[test] C0001 ok",
                "[test] D0001 ok",
            ],
        );
        for (id, words) in [
            (id("A0001", 1), "bad"),
            (id("B0001", 2), "does not allow"),
            (id("C0001", 1), "2 times"),
            (id("D0001", 3), "needs 3"),
            (id("E0001", 1), "never reported"),
        ] {
            let why = run.judge(&id).expect_err(words);
            assert!(why.contains(words), "{why}");
        }
    }

    #[test]
    fn each_fault_of_the_whole_is_seen() {
        let good = ["[plan] A0001", "[test] A0001 ok", "[done] 1 tests 0 failed"];
        let listed = [id("A0001", 1)];
        let judge = |end, lines: &[&str], ids: &[Id]| {
            run(1, end, lines)
                .judge_whole(ids)
                .map_err(|why| why.lines().count())
        };
        assert_eq!(judge(Exit::Success, &good, &listed), Ok(()));
        assert!(judge(Exit::Panic, &good, &listed).is_err());
        assert!(judge(Exit::Success, &good[..2], &listed).is_err());
        assert!(judge(Exit::Success, &good, &[]).is_err());
        assert!(judge(Exit::Success, &good, &[id("A0001", 1), id("B0001", 1)]).is_err());
        assert!(
            judge(
                Exit::Success,
                &[
                    "[plan] A0001",
                    "[test] A0001 FAIL x",
                    "[done] 1 tests 1 failed"
                ],
                &listed
            )
            .is_err()
        );
    }
}
