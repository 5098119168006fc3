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
