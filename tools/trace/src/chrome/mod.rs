//! Chrome's JSON form of a trace, which Perfetto opens: a track for each processor.

mod names;

use crate::timeline::{Arrow, Instant, Place, Slice, Timeline, What, Why};
use anyhow::Result;
use names::{hex, message, named};
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::io::Write;

/// The machine. Perfetto takes process 0 and thread 0 for Linux' idle thread.
const PROCESS: u32 = 1;
/// The first processor, for the same reason.
const FIRST: usize = 1;

/// An entry of the file. Times are microseconds.
#[derive(Serialize)]
struct Entry<'a> {
    ph: &'static str,
    name: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    cat: &'static str,
    pid: u32,
    tid: usize,
    ts: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    dur: Option<f64>,
    /// What joins the two ends of an arrow.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<usize>,
    /// Where an instant or the end of an arrow is drawn.
    #[serde(skip_serializing_if = "Option::is_none")]
    s: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bp: Option<&'static str>,
    #[serde(skip_serializing_if = "Map::is_empty")]
    args: Map<String, Value>,
}

/// Writes the whole file.
///
/// # Errors
/// When `out` takes no more.
pub fn write(timeline: &Timeline, out: impl Write) -> Result<()> {
    let mut file = File {
        timeline,
        out,
        is_first: true,
    };
    file.out
        .write_all(b"{\"displayTimeUnit\":\"ns\",\"traceEvents\":[\n")?;
    file.tracks()?;
    for slice in &timeline.slices {
        file.slice(slice)?;
    }
    for instant in &timeline.instants {
        file.instant(instant)?;
    }
    for (id, arrow) in timeline.arrows.iter().enumerate() {
        file.arrow(id, arrow)?;
    }
    let other = json!({"ticks per millisecond": timeline.khz, "lost events": timeline.lost});
    writeln!(file.out, "\n],\"otherData\":{other}}}")?;
    Ok(file.out.flush()?)
}

struct File<'a, W> {
    timeline: &'a Timeline,
    out: W,
    is_first: bool,
}

impl<W: Write> File<'_, W> {
    /// The names of the tracks, and where their events begin if older ones are lost.
    fn tracks(&mut self) -> Result<()> {
        let mut name = self.entry("M", "process_name", Place { cpu: 0, time: 0 });
        name.args = fields(json!({"name": "Pecan"}));
        self.put(&name)?;
        for (cpu, lost) in self.timeline.lost.iter().enumerate() {
            let at = Place { cpu, time: 0 };
            let mut name = self.entry("M", "thread_name", at);
            name.args = fields(json!({"name": format!("CPU {cpu}")}));
            self.put(&name)?;
            let mut order = self.entry("M", "thread_sort_index", at);
            order.args = fields(json!({"sort_index": cpu}));
            self.put(&order)?;
            if *lost > 0 {
                let words = format!("{lost} events before this are lost");
                self.put(&Entry {
                    s: Some("t"),
                    ..self.entry("i", &words, self.first_of(cpu))
                })?;
            }
        }
        Ok(())
    }

    fn slice(&mut self, slice: &Slice) -> Result<()> {
        let (name, cat, args) = match slice.what {
            What::Thread { thread, space } => {
                let args = json!({"thread": hex(thread), "space": hex(space)});
                (self.timeline.thread(thread), "thread", fields(args))
            }
            What::Dispatcher => ("dispatcher".into(), "kernel", Map::new()),
            What::Idle => ("idle".into(), "kernel", Map::new()),
        };
        let Slice { cpu, start, .. } = *slice;
        let entry = Entry {
            cat,
            // As whole nanoseconds, so that it ends exactly where the next one begins.
            dur: Some(micros(self.nanos(slice.end) - self.nanos(start))),
            args,
            ..self.entry("X", &name, Place { cpu, time: start })
        };
        self.put(&entry)
    }

    fn instant(&mut self, instant: &Instant) -> Result<()> {
        let (name, cat, args) = self.timeline.told(instant.event);
        let entry = Entry {
            cat,
            s: Some("t"),
            args: fields(args),
            ..self.entry("i", &name, instant.at)
        };
        self.put(&entry)
    }

    fn arrow(&mut self, id: usize, arrow: &Arrow) -> Result<()> {
        let (name, cat, args) = match arrow.why {
            Why::Message { from, to, tag } => ("message", "message", message(from, to, tag)),
            Why::Interrupt(source) => (named(source), "interrupt", json!({})),
        };
        let begin = Entry {
            cat,
            id: Some(id),
            args: fields(args),
            ..self.entry("s", name, arrow.from)
        };
        self.put(&begin)?;
        let end = Entry {
            cat,
            id: Some(id),
            // The slice around the end, not the next one that begins.
            bp: Some("e"),
            ..self.entry("f", name, arrow.to)
        };
        self.put(&end)
    }

    fn entry<'a>(&self, ph: &'static str, name: &'a str, at: Place) -> Entry<'a> {
        Entry {
            ph,
            name,
            cat: "",
            pid: PROCESS,
            tid: FIRST + at.cpu,
            ts: micros(self.nanos(at.time)),
            dur: None,
            id: None,
            s: None,
            bp: None,
            args: Map::new(),
        }
    }

    fn put(&mut self, entry: &Entry<'_>) -> Result<()> {
        if !self.is_first {
            self.out.write_all(b",\n")?;
        }
        self.is_first = false;
        Ok(serde_json::to_writer(&mut self.out, entry)?)
    }

    /// Where the events of a processor begin.
    fn first_of(&self, cpu: usize) -> Place {
        let own = self.timeline.slices.iter().find(|slice| slice.cpu == cpu);
        let time = own.map_or(0, |slice| slice.start);
        Place { cpu, time }
    }

    fn nanos(&self, ticks: u64) -> u128 {
        u128::from(ticks) * 1_000_000 / u128::from(self.timeline.khz.max(1))
    }
}

#[expect(clippy::cast_precision_loss, reason = "nanoseconds of months fit")]
fn micros(nanos: u128) -> f64 {
    nanos as f64 / 1000.0
}

fn fields(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::write;
    use crate::{Ring, Rings, Timeline};
    use pecan_abi::trace::{Access, Event, Record, Source};
    use serde_json::{Value, json};

    const SERVER: u64 = 0x33_0000_0001;
    const ROOT: u64 = 0x32_0000_0001;

    fn entries(lost: u64, events: &[(u64, Event)]) -> Value {
        let record = |(number, (time, event)): (u64, &(u64, Event))| Record {
            time: *time,
            number,
            event: *event,
        };
        let rings = Rings {
            khz: 2_000_000,
            user_base: 0x30,
            cpus: vec![Ring {
                apic_id: 0,
                lost,
                records: (0..).zip(events).map(record).collect(),
            }],
        };
        let mut text = Vec::new();
        write(&Timeline::of(&rings), &mut text).expect("memory");
        serde_json::from_slice(&text).expect("JSON")
    }

    #[test]
    fn a_ring_becomes_the_expected_file() {
        let run = |thread| Event::Run {
            thread,
            space: 0x1000,
        };
        let tag = 7 << 16 | 3;
        let file = entries(
            0,
            &[
                (1000, run(ROOT)),
                (
                    1101,
                    Event::Deliver {
                        from: ROOT,
                        to: SERVER,
                        tag,
                    },
                ),
                (1102, run(SERVER)),
                (1202, Event::Dispatch),
            ],
        );
        let message = json!({"from": "0x3200000001", "to": "0x3300000001", "label": "0x7", "words": 3, "typed": 0});
        let args = |thread: &str| json!({"thread": thread, "space": "0x1000"});
        let expected = json!([
            {"ph": "M", "name": "process_name", "pid": 1, "tid": 1, "ts": 0.0, "args": {"name": "Pecan"}},
            {"ph": "M", "name": "thread_name", "pid": 1, "tid": 1, "ts": 0.0, "args": {"name": "CPU 0"}},
            {"ph": "M", "name": "thread_sort_index", "pid": 1, "tid": 1, "ts": 0.0, "args": {"sort_index": 0}},
            {"ph": "X", "name": "root", "cat": "thread", "pid": 1, "tid": 1, "ts": 0.0, "dur": 0.051, "args": args("0x3200000001")},
            {"ph": "X", "name": "thread 33", "cat": "thread", "pid": 1, "tid": 1, "ts": 0.051, "dur": 0.05, "args": args("0x3300000001")},
            {"ph": "X", "name": "dispatcher", "cat": "kernel", "pid": 1, "tid": 1, "ts": 0.101, "dur": 0.0},
            {"ph": "i", "name": "root to thread 33", "cat": "message", "pid": 1, "tid": 1, "ts": 0.05, "s": "t", "args": message},
            {"ph": "s", "name": "message", "cat": "message", "pid": 1, "tid": 1, "ts": 0.05, "id": 0, "args": message},
            {"ph": "f", "name": "message", "cat": "message", "pid": 1, "tid": 1, "ts": 0.051, "id": 0, "bp": "e"},
        ]);
        assert_eq!(file["traceEvents"], expected);
        assert_eq!(file["otherData"]["lost events"], json!([0]));
    }

    #[test]
    fn what_was_lost_is_said() {
        let file = entries(7, &[(5, Event::Idle), (9, Event::Dispatch)]);
        let entries = file["traceEvents"].as_array().expect("entries");
        let said = |entry: &&Value| entry["name"] == "7 events before this are lost";
        assert_eq!(entries.iter().filter(said).count(), 1);
        assert_eq!(file["otherData"]["lost events"], json!([7]));
    }

    #[test]
    fn everything_has_a_name() {
        let file = entries(
            0,
            &[
                (
                    1,
                    Event::Ask {
                        from: ROOT,
                        to: SERVER,
                        cpu: 1,
                    },
                ),
                (
                    2,
                    Event::Fault {
                        thread: ROOT,
                        address: 0x1000,
                        ip: 2,
                        access: Access::Write,
                    },
                ),
                (
                    3,
                    Event::Exception {
                        thread: 0x3_0000_0001,
                        ip: 2,
                        vector: 13,
                    },
                ),
                (
                    4,
                    Event::Interrupt {
                        source: Source::Line,
                        line: 4,
                    },
                ),
                (
                    5,
                    Event::Interrupt {
                        source: Source::Timer,
                        line: 0,
                    },
                ),
                (
                    6,
                    Event::Ipi {
                        apic_id: 1,
                        source: Source::Doorbell,
                    },
                ),
            ],
        );
        let entries = file["traceEvents"].as_array().expect("entries").iter();
        let names: Vec<&str> = entries.filter_map(|entry| entry["name"].as_str()).collect();
        assert_eq!(
            names[3..],
            [
                "to CPU 1: root to thread 33",
                "page fault, write",
                "exception 13",
                "interrupt 4",
                "timer",
                "IPI: doorbell"
            ]
        );
    }
}
