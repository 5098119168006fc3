//! Counting tests.

use std::fmt;
use std::ops::AddAssign;

/// How many tests ended how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Did what they should.
    pub(crate) passed: u64,
    /// Did not.
    pub(crate) failed: u64,
    /// Did not run.
    pub(crate) skipped: u64,
}

impl Tally {
    /// Reads `test result: ok. 5 passed; 0 failed; 1 ignored; ...`, the last line of a test program.
    pub(crate) fn read(line: &str) -> Option<Self> {
        let (_, counts) = line
            .trim()
            .strip_prefix("test result: ")?
            .split_once(". ")?;
        let count = |word: &str| {
            let part = counts.split(';').find(|part| part.trim().ends_with(word))?;
            part.trim().split(' ').next()?.parse().ok()
        };
        Some(Self {
            passed: count("passed")?,
            failed: count("failed")?,
            skipped: count("ignored")?,
        })
    }

    /// What a whole command amounts to: one that runs no tests of its own, such as a linter, is one test, and
    /// one that fails without a failed test, such as by not compiling, is one failed test.
    pub(crate) fn of_command(self, success: bool, ran_tests: bool) -> Self {
        match (success, ran_tests) {
            (true, true) => self,
            (true, false) => Self { passed: 1, ..self },
            (false, _) => Self {
                failed: self.failed.max(1),
                ..self
            },
        }
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            out,
            "{} passed, {} failed, {} skipped",
            self.passed, self.failed, self.skipped
        )
    }
}

#[cfg(test)]
mod tests {
    use super::Tally;

    #[test]
    fn result_lines_are_read() {
        let line = "test result: FAILED. 12 passed; 3 failed; 4 ignored; 0 measured; 5 filtered out; finished in 0.1s";
        assert_eq!(
            Tally::read(line),
            Some(Tally {
                passed: 12,
                failed: 3,
                skipped: 4
            })
        );
        assert_eq!(Tally::read("test ipc::x ... ok"), None);
    }

    #[test]
    fn commands_count_as_tests() {
        let none = Tally::default();
        assert_eq!(none.of_command(true, false).passed, 1);
        assert_eq!(none.of_command(true, true), none);
        assert_eq!(none.of_command(false, true).failed, 1);
        let two = Tally { failed: 2, ..none };
        assert_eq!(two.of_command(false, true).failed, 2);
    }

    #[test]
    fn the_summary_has_its_form() {
        assert_eq!(
            Tally {
                passed: 1,
                failed: 2,
                skipped: 3
            }
            .to_string(),
            "1 passed, 2 failed, 3 skipped"
        );
    }
}
