//! Rows as the benchmark program prints them.

use crate::Samples;
use anyhow::{Context, Result, ensure};
use serde::Deserialize;

/// One measured path in one run.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub struct RawRow {
    /// Which path, such as `ipc.inter.idle`.
    pub id: String,
    /// Untyped words in each direction; none for the reference rows.
    pub words: Option<u32>,
    /// Round trips during which `ipis` were counted.
    pub rounds: u64,
    /// Round trips of one sample, from 1.
    pub batch: u64,
    /// Time-stamp ticks of one round trip, a value per sample.
    pub ticks: Vec<u64>,
    /// Time-stamp ticks per millisecond.
    pub tsc_khz: u64,
    /// Interrupts that the kernels of all CPUs sent to one another during `rounds` round trips.
    pub ipis: Option<u64>,
}

impl RawRow {
    /// Reads what follows `[bench]` on a line.
    ///
    /// # Errors
    /// When it is not such an object, or has no samples to take figures from.
    pub fn read(json: &str) -> Result<Self> {
        let row: Self =
            serde_json::from_str(json).with_context(|| format!("not a benchmark row: {json}"))?;
        ensure!(
            !row.ticks.is_empty() && row.rounds > 0 && row.batch > 0,
            "row {} has no samples",
            row.id
        );
        ensure!(
            row.tsc_khz > 0,
            "row {} does not say how fast its clock is",
            row.id
        );
        Ok(row)
    }

    /// The samples in order.
    pub(crate) fn samples(&self) -> Option<Samples> {
        Samples::new(self.ticks.clone())
    }

    /// Ticks as nanoseconds, to a tenth.
    pub(crate) fn nanoseconds(&self, ticks: u64) -> f64 {
        (ticks as f64 * 1e7 / self.tsc_khz as f64).round() / 10.0
    }

    /// Interrupts per round trip, to a hundredth.
    pub(crate) fn ipis_per_round(&self) -> Option<f64> {
        Some((self.ipis? as f64 * 100.0 / self.rounds as f64).round() / 100.0)
    }
}

#[cfg(test)]
mod tests {
    use super::RawRow;

    #[test]
    fn rows_are_read_and_converted() {
        let row = RawRow::read(
            r#"{"id":"ipc.inter.idle","words":4,"rounds":3,"batch":1,"ticks":[30,10,20],"tsc_khz":2000000,"ipis":4}"#,
        )
        .expect("a row");
        assert_eq!(row.samples().expect("samples").min(), 10);
        assert_eq!(row.nanoseconds(25), 12.5);
        assert_eq!(row.ipis_per_round(), Some(1.33));
    }

    #[test]
    fn reference_rows_have_no_words() {
        let json = r#"{"id":"ref.null-syscall","words":null,"rounds":1,"batch":1,"ticks":[1],"tsc_khz":1,"ipis":null}"#;
        let row = RawRow::read(json).expect("a row");
        assert_eq!((row.words, row.ipis_per_round()), (None, None));
    }

    #[test]
    fn rows_without_content_are_refused() {
        for json in [
            "{}",
            "half a li",
            r#"{"id":"a","words":0,"rounds":1,"batch":1,"ticks":[],"tsc_khz":1,"ipis":0}"#,
            r#"{"id":"a","words":0,"rounds":0,"batch":1,"ticks":[1],"tsc_khz":1,"ipis":0}"#,
            r#"{"id":"a","words":0,"rounds":1,"batch":0,"ticks":[1],"tsc_khz":1,"ipis":0}"#,
            r#"{"id":"a","words":0,"rounds":1,"batch":1,"ticks":[1],"tsc_khz":0,"ipis":0}"#,
        ] {
            assert!(RawRow::read(json).is_err(), "{json}");
        }
    }
}
