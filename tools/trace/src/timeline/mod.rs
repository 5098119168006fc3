//! Slices and arrows out of events.
//!
//! * `maker`          follows the events, and remembers what is under way
//! * `contradictions` what no machine does

mod contradictions;
mod maker;

use crate::Rings;
use maker::Maker;
use pecan_abi::trace::{Event, Record, Source};

/// What happened, in the order of time. Times are time-stamp ticks since the first event.
#[derive(Clone, Debug, Default)]
pub struct Timeline {
    /// Time-stamp ticks per millisecond.
    pub khz: u64,
    /// The first thread number of users, sigma0's.
    pub user_base: u64,
    /// How many events of each processor are not here.
    pub lost: Vec<u64>,
    /// Who had a processor, and for how long.
    pub slices: Vec<Slice>,
    /// Everything else.
    pub instants: Vec<Instant>,
    /// What led to what.
    pub arrows: Vec<Arrow>,
}

/// What a processor does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// It runs a thread, or the kernel for it.
    Thread {
        /// Its global id.
        thread: u64,
        /// Its space, by the physical address of its page table.
        space: u64,
    },
    /// It looks for a thread.
    Dispatcher,
    /// It halts.
    Idle,
}

/// What a processor did for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slice {
    /// Which processor.
    pub cpu: usize,
    /// What it did.
    pub what: What,
    /// From when.
    pub start: u64,
    /// To when; not before `start`.
    pub end: u64,
}

/// What took no time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Instant {
    /// Where and when.
    pub at: Place,
    /// What.
    pub event: Event,
}

/// A point of a processor's line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The processor.
    pub cpu: usize,
    /// The time.
    pub time: u64,
}

/// Why something led to something else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// A message: from where its sender was when it sent to where its receiver runs with it.
    Message {
        /// Who sent it.
        from: u64,
        /// Who got it.
        to: u64,
        /// Its first word.
        tag: u64,
    },
    /// An interrupt from one processor to another.
    Interrupt(Source),
}

/// What led to what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrow {
    /// Why.
    pub why: Why,
    /// Where it begins.
    pub from: Place,
    /// Where it ends.
    pub to: Place,
}

impl Timeline {
    /// Orders the events of all processors, and connects them.
    pub fn of(rings: &Rings) -> Self {
        let mut events: Vec<(usize, Record)> = Vec::new();
        for (cpu, ring) in rings.cpus.iter().enumerate() {
            events.extend(ring.records.iter().map(|record| (cpu, *record)));
        }
        // Stable: each processor's own events stay in their order.
        events.sort_by_key(|(_, record)| record.time);
        let first = events.first().map_or(0, |(_, record)| record.time);
        let last = events.last().map_or(0, |(_, record)| record.time - first);
        let mut maker = Maker::new(rings);
        for (cpu, record) in events {
            let time = record.time - first;
            maker.take(Place { cpu, time }, record.event);
        }
        maker.finish(last)
    }
}
