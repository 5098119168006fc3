//! The figures of both runs together, and their JSON form.

use crate::accounting::Account;
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
    /// What the rows touch; none if QEMU takes no plugin.
    #[serde(default)]
    pub accounting: Option<Vec<Account>>,
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

    /// The row of a path with the shortest message that has at least so many words.
    pub fn shortest(&self, id: &str, words: u32) -> Option<&Row> {
        let rows = self.rows.iter().filter(|row| row.id == id);
        rows.filter(|row| row.words.is_some_and(|own| own >= words))
            .min_by_key(|row| row.words)
    }

    /// JSON text, a row per line.
    ///
    /// # Errors
    /// When a figure is not a finite number.
    pub fn to_json(&self) -> serde_json::Result<String> {
        let rows = lines(&self.rows)?;
        let accounting = self.accounting.as_ref().map(|accounts| lines(accounts));
        let accounting = accounting.transpose()?.unwrap_or_else(|| "null".into());
        let peers = match self.peers.as_slice() {
            [] => String::new(),
            peers => format!(",\"peers\":{}", lines(peers)?),
        };
        let qemu = serde_json::to_string(&self.qemu)?;
        Ok(format!(
            "{{\"schema\":{},\"qemu\":{qemu},\"cpus\":{},\"rows\":{rows},\"accounting\":{accounting}{peers}}}\n",
            self.schema, self.cpus
        ))
    }
}

/// A list with an element on each line.
pub(crate) fn lines(list: &[impl Serialize]) -> serde_json::Result<String> {
    let texts = list.iter().map(serde_json::to_string);
    let texts = texts.collect::<serde_json::Result<Vec<_>>>()?;
    Ok(format!("[\n  {}\n]", texts.join(",\n  ")))
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
    use crate::accounting::{Account, Counts, OnCpu};

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
            accounting: None,
            peers: Vec::new(),
        };
        let json = report.to_json().expect("finite figures");
        let expected = concat!(
            r#"{"schema":1,"qemu":"10.0.2","cpus":4,"rows":["#,
            r#"{"id":"ipc.inter.idle","words":0,"instructions_one_way":101,"instructions_round_trip":201,"#,
            r#""ns_round_trip":{"min":1.5,"p10":2.0,"median":3.0},"ipis_round_trip":2.0},"#,
            r#"{"id":"ipc.inter.idle","words":null,"instructions_one_way":101,"instructions_round_trip":201,"#,
            r#""ns_round_trip":null,"ipis_round_trip":null}],"accounting":null}"#,
        );
        assert_eq!(json.replace("\n  ", "").replace('\n', ""), expected);
        assert_eq!(
            serde_json::from_str::<Report>(&json).expect("its own form"),
            report
        );
    }

    #[test]
    fn accounts_have_the_promised_fields() {
        let one = Counts {
            instructions: 1,
            ..Counts::default()
        };
        let account = Account {
            id: "ipc.inter.idle".into(),
            words: Some(0),
            user: one,
            kernel: one,
            visits: 2,
            visit: one,
            cpus: vec![OnCpu {
                cpu: 0,
                user: one,
                kernel: one,
            }],
            footprint: Vec::new(),
        };
        let report = Report {
            schema: 1,
            qemu: "10.0.2".into(),
            cpus: 2,
            rows: Vec::new(),
            accounting: Some(vec![account]),
            peers: Vec::new(),
        };
        let json = report.to_json().expect("finite figures");
        let counts = concat!(
            r#"{"instructions":1,"loads":0,"stores":0,"data_lines":0,"data_pages":0,"code_lines":0,"code_pages":0,"#,
            r#""locked":0,"cr3_writes":0,"invlpg":0,"msr_writes":0,"system_calls":0,"port_io":0}"#,
        );
        let expected = format!(
            r#""accounting":[{{"id":"ipc.inter.idle","words":0,"user":{counts},"kernel":{counts},"visits":2,"visit":{counts},"cpus":[{{"cpu":0,"user":{counts},"kernel":{counts}}}]}}]}}"#
        );
        assert!(
            json.replace("\n  ", "")
                .replace('\n', "")
                .ends_with(&expected),
            "{json}"
        );
        assert_eq!(
            serde_json::from_str::<Report>(&json).expect("its own form"),
            report
        );
    }

    #[test]
    fn accounts_and_peers_may_be_missing() {
        let json = r#"{"schema":1,"qemu":"10.0.2","cpus":2,"rows":[]}"#;
        let report: Report = serde_json::from_str(json).expect("a report");
        assert_eq!((report.accounting, report.peers), (None, Vec::new()));
    }

    #[test]
    fn the_shortest_message_that_holds_as_much_is_found() {
        let row = |id: &str, words| Row {
            id: id.into(),
            words,
            instructions_one_way: None,
            instructions_round_trip: None,
            ns_round_trip: None,
            ipis_round_trip: None,
        };
        let report = Report {
            schema: 1,
            qemu: String::new(),
            cpus: 2,
            rows: vec![
                row("a", Some(63)),
                row("a", Some(8)),
                row("a", None),
                row("b", Some(9)),
            ],
            accounting: None,
            peers: Vec::new(),
        };
        let words = |least| report.shortest("a", least).and_then(|row| row.words);
        assert_eq!(
            [8, 9, 63, 64].map(words),
            [Some(8), Some(63), Some(63), None]
        );
    }
}
