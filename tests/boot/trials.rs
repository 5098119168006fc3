//! The order of tests: machines first, and the longest first among them, so that no processor has nothing to do in the end.

use libtest_mimic::Trial;

/// Tests of a file.
pub(crate) struct Trials {
    /// They run machines.
    pub(crate) runs: Vec<Trial>,
    /// They read what one of the others found, and would wait for it if it was not there yet.
    pub(crate) readers: Vec<Trial>,
}

impl Trials {
    /// Those that share a run, which the first of them starts.
    pub(crate) fn of_one_run(mut trials: impl Iterator<Item = Trial>) -> Self {
        Self {
            runs: trials.next().into_iter().collect(),
            readers: trials.collect(),
        }
    }

    /// With others behind them.
    pub(crate) fn and(mut self, others: impl Into<Self>) -> Self {
        let others = others.into();
        self.runs.extend(others.runs);
        self.readers.extend(others.readers);
        self
    }

    /// One after the other.
    pub(crate) fn in_order(mut self) -> Vec<Trial> {
        self.runs.extend(self.readers);
        self.runs
    }
}

impl From<Vec<Trial>> for Trials {
    fn from(runs: Vec<Trial>) -> Self {
        Self {
            runs,
            readers: Vec::new(),
        }
    }
}
