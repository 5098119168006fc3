//! From the windows of a run to what one round trip of each row did.

use super::counts::one_of;
use super::{Counts, Line, OnCpu, Window};
use crate::{PAIRS, RawRow};
use serde::{Deserialize, Serialize};

/// What one round trip of a row did and touched. What is counted is divided by the round trips of a sample and rounded; what
/// is different is what all of them touched.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Account {
    /// Which row, as in the other figures.
    pub id: String,
    /// Untyped words in each direction, as there.
    pub words: Option<u32>,
    /// User instructions, all CPUs added.
    pub user: Counts,
    /// Kernel instructions, all CPUs added.
    pub kernel: Counts,
    /// How often a CPU was in the kernel.
    pub visits: u64,
    /// The most that one of these visits did, from its first instruction to its last.
    pub visit: Counts,
    /// Each CPU by itself.
    pub cpus: Vec<OnCpu>,
    /// The lines that the kernel touched, if asked for: of the first visits of a sample. Not part of the JSON.
    #[serde(skip)]
    pub footprint: Vec<Line>,
}

/// The accounts of rows in the order in which the program measured them.
///
/// Of each row it is a window that has as many instructions as a sample has ticks, the one nearest to the median. So what is
/// accounted is what was measured, instruction by instruction. One that faults is seen at each attempt, but the clock counts
/// it when it is done: a window with one more will do if there is no other.
///
/// Rows that the program does not mark are left out, and so are pairs, because several CPUs mark their stretches at once.
pub fn accounts(rows: &[RawRow], windows: Vec<Window>) -> Vec<Account> {
    let mut of_rows: Vec<Vec<Window>> = vec![Vec::new(); rows.len()];
    for window in windows {
        let index = window.row.checked_sub(1);
        if let Some(windows) = index.and_then(|index| of_rows.get_mut(index)) {
            windows.push(window);
        }
    }
    let with_windows = rows.iter().zip(of_rows);
    with_windows
        .filter(|(row, _)| !row.id.starts_with(PAIRS))
        .filter_map(|(row, windows)| Some(Account::new(row, measured(row, windows)?)))
        .collect()
}

/// The window of the sample nearest to the median.
fn measured(row: &RawRow, windows: Vec<Window>) -> Option<Window> {
    let median = row.samples()?.percentile(50);
    let distance = |window: &Window| {
        let seen = one_of(window.instructions(), row.batch);
        let ticks = [seen, seen.saturating_sub(1)];
        let fault = ticks.iter().position(|ticks| row.ticks.contains(ticks))?;
        Some((fault, ticks[fault].abs_diff(median)))
    };
    let candidates = windows
        .into_iter()
        .filter_map(|window| Some((distance(&window)?, window)));
    candidates
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, window)| window)
}

impl Account {
    fn new(row: &RawRow, window: Window) -> Self {
        let of_one = |cpu: OnCpu| OnCpu {
            user: cpu.user.of_one(row.batch),
            kernel: cpu.kernel.of_one(row.batch),
            ..cpu
        };
        let cpus: Vec<OnCpu> = window.cpus.into_iter().map(of_one).collect();
        let (mut user, mut kernel) = (Counts::default(), Counts::default());
        for cpu in &cpus {
            user += cpu.user;
            kernel += cpu.kernel;
        }
        Self {
            id: row.id.clone(),
            words: row.words,
            user,
            kernel,
            visits: one_of(window.visits, row.batch),
            visit: window.visit,
            cpus,
            footprint: window.footprint,
        }
    }

    /// Instructions of user and kernel.
    pub fn instructions(&self) -> u64 {
        self.user.instructions + self.kernel.instructions
    }
}

#[cfg(test)]
mod tests {
    use super::accounts;
    use crate::RawRow;
    use crate::accounting::{Counts, OnCpu, Window};

    fn row(id: &str, batch: u64, ticks: &[u64]) -> RawRow {
        RawRow {
            id: id.into(),
            words: None,
            rounds: batch * ticks.len() as u64,
            batch,
            ticks: ticks.to_vec(),
            tsc_khz: 1,
            ipis: None,
        }
    }

    /// With one user instruction, the others the kernel's on two CPUs, and as many lines as `lines`.
    fn window(row: usize, instructions: u64, lines: u64) -> Window {
        let counts = |instructions| Counts {
            instructions,
            data_lines: lines,
            ..Counts::default()
        };
        let first = OnCpu {
            cpu: 0,
            user: counts(1),
            kernel: counts(1),
        };
        let second = OnCpu {
            cpu: 1,
            kernel: counts(instructions - 2),
            ..OnCpu::default()
        };
        Window {
            row,
            cpus: vec![first, second],
            visits: 128,
            visit: counts(9),
            footprint: Vec::new(),
        }
    }

    #[test]
    fn the_sample_nearest_to_the_median_counts() {
        let rows = [row("a", 1, &[10, 20, 21, 30]), row("b", 1, &[5])];
        let windows = vec![
            window(1, 30, 1),
            window(1, 22, 2),
            window(1, 20, 3),
            window(2, 7, 4),
        ];
        let accounts = accounts(&rows, windows);
        // A window of 22 may be that of 21 with a fault, but 20 is one without. One of 7 is no sample of the second row.
        assert_eq!(accounts.len(), 1);
        assert_eq!(
            (accounts[0].instructions(), accounts[0].kernel.data_lines),
            (20, 6)
        );
        assert_eq!(accounts[0].cpus.len(), 2);
    }

    #[test]
    fn an_instruction_that_faults_is_seen_twice() {
        let accounts = accounts(
            &[row("a", 1, &[20])],
            vec![window(1, 21, 1), window(1, 19, 1)],
        );
        assert_eq!(accounts[0].instructions(), 21);
    }

    #[test]
    fn many_round_trips_are_divided_and_what_they_touch_is_not() {
        let accounts = accounts(&[row("a", 64, &[157])], vec![window(1, 64 * 157 + 5, 8)]);
        assert_eq!(
            (accounts[0].visits, accounts[0].kernel.instructions),
            (2, 157)
        );
        assert_eq!(
            (
                accounts[0].cpus[1].kernel.data_lines,
                accounts[0].visit.instructions
            ),
            (8, 9)
        );
    }

    #[test]
    fn pairs_and_windows_of_no_row_are_left_out() {
        let rows = [row("scale.intra.2", 1, &[20])];
        let windows = vec![window(0, 20, 1), window(1, 20, 1), window(2, 20, 1)];
        assert!(accounts(&rows, windows).is_empty());
    }
}
