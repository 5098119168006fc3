//! What the kernel may do and touch at most.

use super::{Account, Counts};
use crate::Budgets;
use crate::budgets::CLOSE_PERCENT;
use crate::names::with_words;
use std::collections::BTreeMap;

const UNUSED: &str = "has a budget and was not accounted";

impl Budgets {
    /// What is wrong with accounts: a sentence for each row, with the line that would fit into `perf/budgets.toml`.
    pub fn complaints_of(&self, accounts: &[Account]) -> Vec<String> {
        let mut of_rows: BTreeMap<&str, Counts> = BTreeMap::new();
        let mut wrong = self.unused(accounts);
        for account in accounts {
            let name = name(account);
            if let Some(budget) = self.visit.get(&name) {
                wrong.extend(complaint("visit", &name, account.visit, *budget, true));
            } else {
                let most = of_rows.entry(&account.id).or_default();
                *most = most.most(account.kernel);
            }
        }
        for (id, seen) in of_rows {
            wrong.extend(match self.kernel.get(id) {
                Some(budget) => complaint("kernel", id, seen, *budget, false),
                None => Some(format!(
                    "{id} has no budget; for [kernel] of perf/budgets.toml:\n{}",
                    line(id, seen)
                )),
            });
        }
        wrong
    }

    /// Budgets of what was not accounted.
    fn unused(&self, accounts: &[Account]) -> Vec<String> {
        let is_visit = |key: &&String| accounts.iter().any(|account| name(account) == **key);
        let is_row = |key: &&String| accounts.iter().any(|account| account.id == **key);
        let visits = self.visit.keys().filter(|key| !is_visit(key));
        let rows = self.kernel.keys().filter(|key| !is_row(key));
        visits
            .chain(rows)
            .map(|key| format!("{key} {UNUSED}"))
            .collect()
    }
}

fn name(account: &Account) -> String {
    with_words(&account.id, account.words)
}

/// What is above the budget, and what is not close to it if it is to be.
fn complaint(
    section: &str,
    name: &str,
    seen: Counts,
    budget: Counts,
    close: bool,
) -> Option<String> {
    let pairs = seen.named().into_iter().zip(budget.named());
    let wrong: Vec<String> = pairs
        .filter_map(|((what, seen), (_, most))| {
            if seen > most {
                Some(format!("{seen} {what}, and the budget is {most}"))
            } else if close && seen * 100 < most * CLOSE_PERCENT {
                Some(format!("{seen} {what} only, lower the budget of {most}"))
            } else {
                None
            }
        })
        .collect();
    (!wrong.is_empty()).then(|| {
        format!(
            "{name}: {}; for [{section}] of perf/budgets.toml:\n{}",
            wrong.join("; "),
            line(name, seen)
        )
    })
}

/// Such a line of `perf/budgets.toml`: what is 0 is left out.
fn line(name: &str, counts: Counts) -> String {
    let named = counts.named().into_iter().filter(|(_, count)| *count > 0);
    let fields: Vec<String> = named
        .map(|(what, count)| format!("{what} = {count}"))
        .collect();
    format!("\"{name}\" = {{ {} }}", fields.join(", "))
}

#[cfg(test)]
mod tests {
    use super::UNUSED;
    use super::line;
    use crate::Budgets;
    use crate::accounting::{Account, Counts};

    const TEXT: &str = "
        instructions = {}
        limits = {}
        ipis = {}
        [visit]
        'a, 0 words' = { instructions = 100, data_lines = 6 }
        [kernel]
        'b' = { instructions = 100, locked = 2 }
    ";

    fn counts(instructions: u64, data_lines: u64, locked: u64) -> Counts {
        Counts {
            instructions,
            data_lines,
            locked,
            ..Counts::default()
        }
    }

    fn account(id: &str, words: Option<u32>, kernel: Counts, visit: Counts) -> Account {
        Account {
            id: id.into(),
            words,
            user: Counts::default(),
            kernel,
            visits: 1,
            visit,
            cpus: Vec::new(),
            footprint: Vec::new(),
        }
    }

    fn complaints(account: Account) -> Vec<String> {
        let budgets = Budgets::read(TEXT).expect("budgets");
        let all = budgets.complaints_of(&[account]);
        let is_absence = |text: &String| text.ends_with(UNUSED);
        all.into_iter().filter(|text| !is_absence(text)).collect()
    }

    #[test]
    fn what_is_missing_is_told() {
        let budgets = Budgets::read(TEXT).expect("budgets");
        let told = budgets.complaints_of(&[]);
        assert_eq!(
            told,
            [format!("a, 0 words {UNUSED}"), format!("b {UNUSED}")]
        );
    }

    #[test]
    fn what_is_within_is_fine() {
        let much = counts(1000, 1000, 1000);
        for visit in [counts(100, 6, 0), counts(97, 6, 0)] {
            assert!(complaints(account("a", Some(0), much, visit)).is_empty());
        }
        assert!(complaints(account("b", None, counts(1, 0, 0), much)).is_empty());
        assert!(complaints(account("b", Some(7), counts(100, 0, 2), much)).is_empty());
    }

    #[test]
    fn what_is_not_is_told_with_the_line_that_fits() {
        let none = Counts::default();
        for (account, expected) in [
            (
                account("a", Some(0), none, counts(101, 6, 0)),
                "101 instructions, and the budget is 100; for [visit]",
            ),
            (
                account("a", Some(0), none, counts(100, 5, 0)),
                "5 data_lines only, lower the budget of 6; for [visit]",
            ),
            (
                account("a", Some(0), none, counts(100, 6, 1)),
                "budgets.toml:\n\"a, 0 words\" = { instructions = 100, data_lines = 6, locked = 1 }",
            ),
            (
                account("b", None, counts(100, 0, 3), none),
                "3 locked, and the budget is 2; for [kernel]",
            ),
            (
                account("a", Some(4), counts(7, 0, 0), none),
                "a has no budget; for [kernel] of perf/budgets.toml:\n\"a\" = { instructions = 7 }",
            ),
        ] {
            let told = complaints(account);
            assert!(told.len() == 1 && told[0].contains(expected), "{told:?}");
        }
    }

    #[test]
    fn lines_can_be_read_again() {
        let text = format!("{}\n{}", TEXT, line("c", counts(3, 2, 1)));
        Budgets::read(&text).expect("budgets");
    }
}
