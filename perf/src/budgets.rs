//! What each row may cost at most.

use crate::accounting::Counts;
use crate::names::with_words;
use crate::{Report, Row};
use anyhow::{Context, Result};
use serde::Deserialize;
use std::collections::BTreeMap;

/// Below so many percent of its budget, a row deserves a lower one.
pub(crate) const CLOSE_PERCENT: u64 = 97;

/// The budgets of all rows, as in `perf/budgets.toml`.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Budgets {
    /// Instructions of a round trip, which are to be close to this.
    instructions: BTreeMap<String, Instructions>,
    /// Instructions of a round trip, which may be far below this.
    limits: BTreeMap<String, u64>,
    /// Interrupts between CPUs per round trip; 0 for rows that are not here.
    ipis: BTreeMap<String, f64>,
    /// What the kernel does and touches for one message, by row and words; it is to be close to this.
    pub(crate) visit: BTreeMap<String, Counts>,
    /// The same for the round trips of other rows, of all lengths; it may be far below this.
    pub(crate) kernel: BTreeMap<String, Counts>,
}

#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(untagged)]
enum Instructions {
    Each(u64),
    ByWords(BTreeMap<String, u64>),
}

impl Budgets {
    /// Those of this project.
    ///
    /// # Errors
    /// When `perf/budgets.toml` was not valid when this was built.
    pub fn own() -> Result<Self> {
        Self::read(include_str!("../budgets.toml")).context("perf/budgets.toml")
    }

    /// Reads such a file.
    ///
    /// # Errors
    /// When it is not such a file.
    pub fn read(text: &str) -> Result<Self> {
        Ok(toml::from_str(text)?)
    }

    /// What is wrong with the figures of the rows whose ids are `wanted`: a sentence each.
    pub fn complaints(&self, report: &Report, wanted: impl Fn(&str) -> bool) -> Vec<String> {
        let rows = report.rows.iter().filter(|row| wanted(&row.id));
        let wrong = rows.flat_map(|row| [self.instructions(row), self.ipis(row)]);
        let names = self.instructions.keys().chain(self.limits.keys());
        let missing = names
            .filter(|id| wanted(id) && !report.rows.iter().any(|row| row.id == **id))
            .map(|id| format!("{id} has a budget, but was not measured"));
        wrong.flatten().chain(missing).collect()
    }

    fn instructions(&self, row: &Row) -> Option<String> {
        let name = with_words(&row.id, row.words);
        let Some(seen) = row.instructions_round_trip else {
            return Some(format!("{name}: no instructions were counted"));
        };
        let close = match self.instructions.get(&row.id) {
            Some(Instructions::Each(budget)) => Some(*budget),
            Some(Instructions::ByWords(budgets)) => budgets.get(&row.words?.to_string()).copied(),
            None => None,
        };
        let budget = close.or_else(|| self.limits.get(&row.id).copied());
        match (budget, close) {
            (None, _) => Some(format!("{name}: {seen} instructions, and no budget")),
            (Some(most), _) if seen > most => Some(format!(
                "{name}: {seen} instructions, and the budget is {most}"
            )),
            (_, Some(most)) if seen * 100 < most * CLOSE_PERCENT => Some(format!(
                "{name}: {seen} instructions only; lower its budget of {most} in perf/budgets.toml"
            )),
            _ => None,
        }
    }

    fn ipis(&self, row: &Row) -> Option<String> {
        let most = self.ipis.get(&row.id).copied().unwrap_or(0.0);
        let seen = row.ipis_round_trip.filter(|seen| *seen > most)?;
        let name = with_words(&row.id, row.words);
        Some(format!(
            "{name}: {seen} interrupts, and the budget is {most}"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::Budgets;
    use crate::{Report, Row};

    const TEXT: &str = "
        [instructions]
        'a' = 100
        'b' = { 0 = 10, 4 = 20 }
        [limits]
        'c' = 50
        [ipis]
        'a' = 2.0
        [visit]
        [kernel]
    ";

    fn row(id: &str, words: Option<u32>, count: u64, ipis: f64) -> Row {
        Row {
            id: id.into(),
            words,
            instructions_one_way: None,
            instructions_round_trip: Some(count),
            ns_round_trip: None,
            ipis_round_trip: Some(ipis),
        }
    }

    fn complaints(rows: Vec<Row>) -> Vec<String> {
        let report = Report {
            schema: 1,
            qemu: String::new(),
            cpus: 2,
            rows,
            accounting: None,
            peers: Vec::new(),
        };
        let budgets = Budgets::read(TEXT).expect("budgets");
        budgets.complaints(&report, |id| report.rows.iter().any(|row| row.id == id))
    }

    #[test]
    fn the_projects_own_can_be_read() {
        Budgets::own().expect("budgets");
    }

    #[test]
    fn what_is_within_is_fine() {
        let fine = vec![
            row("a", None, 100, 2.0),
            row("a", None, 97, 0.0),
            row("b", Some(4), 20, 0.0),
            row("c", None, 1, 0.0),
        ];
        assert_eq!(complaints(fine), Vec::<String>::new());
    }

    #[test]
    fn what_is_not_is_told() {
        for (row, end) in [
            (
                row("a", None, 101, 0.0),
                "101 instructions, and the budget is 100",
            ),
            (
                row("b", Some(0), 20, 0.0),
                "20 instructions, and the budget is 10",
            ),
            (row("b", Some(7), 20, 0.0), "20 instructions, and no budget"),
            (row("d", None, 1, 0.0), "1 instructions, and no budget"),
            (
                row("c", None, 51, 0.0),
                "51 instructions, and the budget is 50",
            ),
            (
                row("a", None, 100, 2.01),
                "2.01 interrupts, and the budget is 2",
            ),
            (
                row("c", None, 50, 0.01),
                "0.01 interrupts, and the budget is 0",
            ),
        ] {
            let told = complaints(vec![row]);
            assert!(told.len() == 1 && told[0].ends_with(end), "{told:?}");
        }
        let told = complaints(vec![row("a", None, 96, 0.0)]);
        assert!(
            told.len() == 1 && told[0].contains("lower its budget of 100"),
            "{told:?}"
        );
    }

    #[test]
    fn rows_that_were_not_measured_are_missed() {
        let report = Report {
            schema: 1,
            qemu: String::new(),
            cpus: 2,
            rows: vec![row("a", None, 100, 0.0)],
            accounting: None,
            peers: Vec::new(),
        };
        let budgets = Budgets::read(TEXT).expect("budgets");
        let told = budgets.complaints(&report, |_| true);
        assert_eq!(told.len(), 2, "{told:?}");
    }
}
