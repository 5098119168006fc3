//! The figures of both runs together, and their JSON form.

use crate::peers::Peer;
use serde::{Deserialize, Serialize};

/// Everything that one `cargo xtask bench` found out.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Report {
    /// Version of this form: 1.
    pub schema: u32,
    /// Version of the emulator.
    pub qemu: String,
    /// Processors of the machine.
    pub cpus: u32,
    /// A row for each path and message length, in the order in which they were measured.
    pub rows: Vec<Row>,
    /// Linux in the same emulator, in each configuration that was measured; empty unless it was asked for.
    #[serde(default)]
    pub peers: Vec<Peer>,
}

/// One path with one message length. What could not be measured is `None`, in JSON `null`.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Row {
    /// Which path, such as `ipc.intra.inter-space`.
    pub id: String,
    /// Untyped words in each direction; none for the reference rows.
    pub words: Option<u32>,
    /// Half of `instructions_round_trip`, rounded up; none for a path that has no way back.
    pub instructions_one_way: Option<u64>,
    /// Instructions of the median round trip of the deterministic run; between CPUs, those of both together.
    pub instructions_round_trip: Option<u64>,
    /// Time of a round trip in the parallel run.
    pub ns_round_trip: Option<Nanoseconds>,
    /// Interrupts between CPUs per round trip: the larger figure of the two runs.
    pub ipis_round_trip: Option<f64>,
}

/// Order statistics of a time, in nanoseconds.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct Nanoseconds {
    /// The smallest sample.
    pub min: f64,
    /// A tenth of the samples are not above it.
    pub p10: f64,
    /// Half of the samples are not above it.
    pub median: f64,
}

impl Report {
    /// The row of a path and message length.
    pub fn row(&self, id: &str, words: Option<u32>) -> Option<&Row> {
        self.rows
            .iter()
            .find(|row| row.id == id && row.words == words)
    }

    /// JSON text, a row per line.
    ///
    /// # Errors
    /// When a figure is not a finite number.
    pub fn to_json(&self) -> serde_json::Result<String> {
        let qemu = serde_json::to_string(&self.qemu)?;
        let rows = lines(&self.rows)?;
        let peers = match self.peers.as_slice() {
            [] => String::new(),
            peers => format!(",\"peers\":[\n  {}\n]", lines(peers)?),
        };
        Ok(format!(
            "{{\"schema\":{},\"qemu\":{qemu},\"cpus\":{},\"rows\":[\n  {rows}\n]{peers}}}\n",
            self.schema, self.cpus
        ))
    }
}

fn lines<T: Serialize>(values: &[T]) -> serde_json::Result<String> {
    let lines: Vec<String> = values
        .iter()
        .map(serde_json::to_string)
        .collect::<Result<_, _>>()?;
    Ok(lines.join(",\n  "))
}

impl Row {
    /// The smallest time of a round trip in nanoseconds.
    pub fn min_ns(&self) -> Option<f64> {
        self.ns_round_trip.map(|times| times.min)
    }
}

#[cfg(test)]
mod tests {
    use super::{Nanoseconds, Report, Row};

    #[test]
    fn json_has_the_promised_fields() {
        let times = Nanoseconds {
            min: 1.5,
            p10: 2.0,
            median: 3.0,
        };
        let row = Row {
            id: "ipc.inter.idle".into(),
            words: Some(0),
            instructions_one_way: Some(101),
            instructions_round_trip: Some(201),
            ns_round_trip: Some(times),
            ipis_round_trip: Some(2.0),
        };
        let empty = Row {
            words: None,
            ns_round_trip: None,
            ipis_round_trip: None,
            ..row.clone()
        };
        let report = Report {
            schema: 1,
            qemu: "10.0.2".into(),
            cpus: 4,
            rows: vec![row, empty],
            peers: Vec::new(),
        };
        let json = report.to_json().expect("finite figures");
        let expected = concat!(
            r#"{"schema":1,"qemu":"10.0.2","cpus":4,"rows":["#,
            r#"{"id":"ipc.inter.idle","words":0,"instructions_one_way":101,"instructions_round_trip":201,"#,
            r#""ns_round_trip":{"min":1.5,"p10":2.0,"median":3.0},"ipis_round_trip":2.0},"#,
            r#"{"id":"ipc.inter.idle","words":null,"instructions_one_way":101,"instructions_round_trip":201,"#,
            r#""ns_round_trip":null,"ipis_round_trip":null}]}"#,
        );
        assert_eq!(json.replace("\n  ", "").replace('\n', ""), expected);
        assert_eq!(
            serde_json::from_str::<Report>(&json).expect("its own form"),
            report
        );
    }
}
