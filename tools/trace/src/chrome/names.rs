//! What things are called in the file, and what is told of them.

use crate::Timeline;
use pecan_abi::id::ThreadId;
use pecan_abi::layout::{ROOT, SIGMA0};
use pecan_abi::tag::Tag;
use pecan_abi::trace::{Access, Event, Source};
use serde_json::{Value, json};

impl Timeline {
    /// What an instant is called, its category, and what belongs to it.
    pub(super) fn told(&self, event: Event) -> (String, &'static str, Value) {
        match event {
            Event::Deliver { from, to, tag } => {
                let name = format!("{} to {}", self.thread(from), self.thread(to));
                (name, "message", message(from, to, tag))
            }
            Event::Ask { from, to, cpu } => {
                let name = format!("to CPU {cpu}: {} to {}", self.thread(from), self.thread(to));
                (
                    name,
                    "message",
                    json!({"from": hex(from), "to": hex(to), "cpu": cpu}),
                )
            }
            Event::Fault {
                thread,
                address,
                ip,
                access,
            } => {
                let how = match access {
                    Access::Read => "read",
                    Access::Write => "write",
                    Access::Execute => "execute",
                };
                let args = json!({"thread": hex(thread), "address": hex(address), "ip": hex(ip), "access": how});
                (format!("page fault, {how}"), "fault", args)
            }
            Event::Exception { thread, ip, vector } => {
                let args = json!({"thread": hex(thread), "ip": hex(ip)});
                (format!("exception {vector}"), "fault", args)
            }
            Event::Interrupt { source, line } => match source {
                Source::Line => (format!("interrupt {line}"), "interrupt", json!({})),
                _ => (named(source).into(), "interrupt", json!({})),
            },
            Event::Ipi { apic_id, source } => {
                let name = format!("IPI: {}", named(source));
                (name, "interrupt", json!({"apic": apic_id}))
            }
            Event::Run { .. } | Event::Dispatch | Event::Idle => {
                (String::new(), "kernel", json!({}))
            }
        }
    }

    /// What a thread is called.
    pub(super) fn thread(&self, id: u64) -> String {
        let number = u64::from(ThreadId::from_raw(id).number());
        match number.checked_sub(self.user_base) {
            Some(own) if own == u64::from(SIGMA0) => "sigma0".into(),
            Some(own) if own == u64::from(ROOT) => "root".into(),
            Some(_) => format!("thread {number:x}"),
            None => format!("interrupt {number}"),
        }
    }
}

pub(super) fn message(from: u64, to: u64, tag: u64) -> Value {
    let tag = Tag::from_raw(tag);
    json!({
        "from": hex(from), "to": hex(to), "label": hex(tag.label()), "words": tag.untyped(), "typed": tag.typed(),
    })
}

pub(super) const fn named(source: Source) -> &'static str {
    match source {
        Source::Timer => "timer",
        Source::Doorbell => "doorbell",
        Source::Ping => "ping",
        Source::Passed => "passed on",
        Source::Line => "device",
        Source::Other => "nobody's",
    }
}

pub(super) fn hex(word: u64) -> String {
    format!("{word:#x}")
}
