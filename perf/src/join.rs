//! One row out of two runs.

use crate::{Nanoseconds, RawRow, Row, UNDIVIDED};

/// Joins the rows of the deterministic run (`counted`) and of the parallel run (`timed`) by path and length.
///
/// The order is that of `counted`; rows that only the other run has come last.
pub fn join(counted: &[RawRow], timed: &[RawRow]) -> Vec<Row> {
    let same = |a: &RawRow, b: &RawRow| a.id == b.id && a.words == b.words;
    let both = counted
        .iter()
        .map(|row| (Some(row), timed.iter().find(|other| same(row, other))));
    let missing = timed
        .iter()
        .filter(|row| !counted.iter().any(|other| same(row, other)));
    both.chain(missing.map(|row| (None, Some(row))))
        .filter_map(|(counted, timed)| one(counted, timed))
        .collect()
}

fn one(counted: Option<&RawRow>, timed: Option<&RawRow>) -> Option<Row> {
    let name = counted.or(timed)?;
    let instructions = counted
        .and_then(RawRow::samples)
        .map(|samples| samples.percentile(50));
    let times = timed.and_then(|row| {
        let samples = row.samples()?;
        let at = |percent| row.nanoseconds(samples.percentile(percent));
        Some(Nanoseconds {
            min: at(0),
            p10: at(10),
            median: at(50),
        })
    });
    let ipis = [counted, timed]
        .into_iter()
        .flatten()
        .filter_map(RawRow::ipis_per_round)
        .reduce(f64::max);
    Some(Row {
        id: name.id.clone(),
        words: name.words,
        instructions_one_way: instructions
            .filter(|_| !UNDIVIDED.contains(&name.id.as_str()))
            .map(|count| count.div_ceil(2)),
        instructions_round_trip: instructions,
        ns_round_trip: times,
        ipis_round_trip: ipis,
    })
}

#[cfg(test)]
mod tests {
    use super::join;
    use crate::{INTRA_INTER_SPACE, Nanoseconds, RawRow, UNDIVIDED};

    fn raw(id: &str, words: Option<u32>, ticks: &[u64], tsc_khz: u64, ipis: u64) -> RawRow {
        RawRow {
            id: id.into(),
            words,
            rounds: 10,
            batch: 1,
            ticks: ticks.to_vec(),
            tsc_khz,
            ipis: Some(ipis),
        }
    }

    #[test]
    fn figures_come_from_their_run() {
        let counted = raw(INTRA_INTER_SPACE, Some(0), &[301, 90, 303], 1_000_000, 20);
        let timed = raw(INTRA_INTER_SPACE, Some(0), &[800, 600, 700], 2_000_000, 5);
        let rows = join(&[counted], &[timed]);
        assert_eq!(rows.len(), 1);
        assert_eq!(rows[0].instructions_round_trip, Some(301));
        assert_eq!(rows[0].instructions_one_way, Some(151));
        assert_eq!(
            rows[0].ns_round_trip,
            Some(Nanoseconds {
                min: 300.0,
                p10: 300.0,
                median: 350.0
            })
        );
        assert_eq!(rows[0].ipis_round_trip, Some(2.0));
    }

    #[test]
    fn what_one_run_lacks_is_none() {
        let counted = raw(INTRA_INTER_SPACE, Some(0), &[300], 1, 0);
        let timed = raw(INTRA_INTER_SPACE, Some(4), &[300], 1, 0);
        let rows = join(&[counted], &[timed]);
        assert_eq!((rows[0].words, rows[0].ns_round_trip), (Some(0), None));
        assert_eq!(
            (rows[1].words, rows[1].instructions_round_trip),
            (Some(4), None)
        );
    }

    #[test]
    fn what_is_no_round_trip_is_not_halved() {
        for id in UNDIVIDED {
            let rows = join(&[raw(id, None, &[40], 1, 0)], &[]);
            let row = &rows[0];
            assert_eq!(
                (row.instructions_round_trip, row.instructions_one_way),
                (Some(40), None)
            );
        }
    }
}
