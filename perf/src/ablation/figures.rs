//! What the kernel costs without one of its techniques, and its JSON form.

use super::Way;
use crate::accounting::Counts;
use crate::report::lines;
use serde::{Deserialize, Serialize};

/// Everything that one `cargo xtask bench --ablation` found out.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Ablation {
    /// Version of this form: 1.
    pub schema: u32,
    /// Version of the emulator.
    pub qemu: String,
    /// A record for each alternative.
    pub ablation: Vec<Removed>,
    /// The copy experiment: a record for each method and length. Empty where QEMU does not take the plugin.
    #[serde(default)]
    pub copy: Vec<Copied>,
}

/// A figure of the kernel as it is, and of one without a technique.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct Pair<T> {
    /// As it is.
    pub base: T,
    /// Without.
    pub without: T,
}

/// What a technique is worth.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Removed {
    /// The technique.
    pub technique: String,
    /// What is done without it.
    pub without: String,
    /// On which way of the kernel.
    pub way: Way,
    /// The row that `words8` is of.
    pub row: String,
    /// Instructions of a message of 8 bytes, one word beside the tag, one way.
    pub words8: Pair<u64>,
    /// Instructions of a message with a string of 4 KiB and a short answer.
    pub bytes4096: Pair<u64>,
    /// What the kernel does and touches for a round trip of `words8`; none where QEMU does not take the plugin.
    pub kernel8: Option<Pair<Counts>>,
    /// Interrupts between CPUs in a round trip of `words8`.
    pub ipis8: Option<Pair<f64>>,
}

/// What the kernel does and touches for a message with a string and a short answer.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Copied {
    /// How the string gets from space to space.
    pub method: String,
    /// Its length.
    pub bytes: u64,
    /// Instructions, of which one is a step of the copy.
    pub instructions: u64,
    /// Read operations.
    pub loads: u64,
    /// Write operations.
    pub stores: u64,
    /// Different cache lines of data, of 64 bytes.
    pub data_lines: u64,
    /// Different pages of data, of 4 KiB: as many translations.
    pub data_pages: u64,
    /// How often another space was loaded, which drops translations.
    pub cr3_writes: u64,
}

impl<T> Pair<T> {
    /// Both of what `of` has.
    pub(super) fn of<S>(base: &S, without: &S, figure: impl Fn(&S) -> T) -> Self {
        Self {
            base: figure(base),
            without: figure(without),
        }
    }
}

impl Pair<u64> {
    /// How much more it is without, in percent.
    pub fn percent_more(self) -> f64 {
        (self.without as f64 / self.base as f64 - 1.0) * 100.0
    }
}

impl Ablation {
    /// JSON text, a record per line.
    ///
    /// # Errors
    /// When a figure is not a finite number.
    pub fn to_json(&self) -> serde_json::Result<String> {
        let removed = lines(&self.ablation)?;
        let copied = lines(&self.copy)?;
        let qemu = serde_json::to_string(&self.qemu)?;
        Ok(format!(
            "{{\"schema\":{},\"qemu\":{qemu},\"ablation\":{removed},\"copy\":{copied}}}\n",
            self.schema
        ))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::{Ablation, Copied, Pair, Removed, Way};

    pub(crate) fn sample() -> Ablation {
        Ablation {
            schema: 1,
            qemu: "10.0.2".into(),
            ablation: vec![Removed {
                technique: "lazy lists".into(),
                without: "eager ones".into(),
                way: Way::General,
                row: "ipc.intra.inter-space".into(),
                words8: Pair {
                    base: 200,
                    without: 250,
                },
                bytes4096: Pair {
                    base: 1195,
                    without: 1245,
                },
                kernel8: None,
                ipis8: Some(Pair {
                    base: 0.0,
                    without: 0.5,
                }),
            }],
            copy: vec![Copied {
                method: "temporary mapping".into(),
                bytes: 512,
                instructions: 700,
                loads: 100,
                stores: 90,
                data_lines: 30,
                data_pages: 7,
                cr3_writes: 2,
            }],
        }
    }

    #[test]
    fn json_has_the_promised_fields() {
        let json = sample().to_json().expect("finite figures");
        let expected = concat!(
            r#"{"schema":1,"qemu":"10.0.2","ablation":["#,
            r#"{"technique":"lazy lists","without":"eager ones","way":"general","row":"ipc.intra.inter-space","#,
            r#""words8":{"base":200,"without":250},"bytes4096":{"base":1195,"without":1245},"#,
            r#""kernel8":null,"ipis8":{"base":0.0,"without":0.5}}],"copy":["#,
            r#"{"method":"temporary mapping","bytes":512,"instructions":700,"loads":100,"stores":90,"#,
            r#""data_lines":30,"data_pages":7,"cr3_writes":2}]}"#,
        );
        assert_eq!(json.replace("\n  ", "").replace('\n', ""), expected);
        let read: Ablation = serde_json::from_str(&json).expect("its own form");
        assert_eq!(read, sample());
    }

    #[test]
    fn more_is_relative_to_the_kernel_as_it_is() {
        assert_eq!(sample().ablation[0].words8.percent_more(), 25.0);
    }
}
