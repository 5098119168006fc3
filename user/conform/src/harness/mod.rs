//! What a test is made of: a verdict with a reason, threads that clean up after themselves, system
//! calls that may be given nonsense, and shared words.

pub(crate) mod arena;
pub(crate) mod board;
pub(crate) mod failure;
pub(crate) mod gap;
pub(crate) mod gate;
pub(crate) mod ids;
pub(crate) mod job;
pub(crate) mod list;
pub(crate) mod pager;
pub(crate) mod pair;
pub(crate) mod partner;
pub(crate) mod raw;
pub(crate) mod regular;
pub(crate) mod run;
pub(crate) mod script;
pub(crate) mod worker;

pub(crate) use failure::{Failure, Outcome, check, equal, hex};
pub(crate) use job::Job;

use l4::Time;

/// One test. Ids are permanent: a number is never used for something else.
pub(crate) struct Test {
    /// Feature in capitals and four digits.
    pub(crate) id: &'static str,
    /// On how many CPUs it makes sense.
    pub(crate) needs_cpus: usize,
    /// It holds CPUs, which only the debug kernel can do.
    pub(crate) holds: bool,
    /// How often it may be run until it succeeds.
    pub(crate) tries: u32,
    /// The test itself, run by a fresh thread of the root task's space.
    pub(crate) run: fn() -> Outcome,
}

impl Test {
    /// A test for any machine.
    pub(crate) const fn new(id: &'static str, run: fn() -> Outcome) -> Self {
        Self {
            id,
            needs_cpus: 1,
            holds: false,
            tries: 1,
            run,
        }
    }

    /// A test that needs at least two CPUs.
    pub(crate) const fn smp(id: &'static str, run: fn() -> Outcome) -> Self {
        Self {
            id,
            needs_cpus: 2,
            holds: false,
            tries: 1,
            run,
        }
    }

    /// A test that holds CPUs: one is its own, two it can hold.
    pub(crate) const fn holding(id: &'static str, run: fn() -> Outcome) -> Self {
        Self {
            id,
            needs_cpus: 3,
            holds: true,
            tries: 1,
            run,
        }
    }

    /// The same, which counts ticks. A busy host lets several come in a row, before a thread has executed anything; so one try of
    /// five suffices, since what the kernel does wrong it does each time.
    pub(crate) const fn counting_ticks(self) -> Self {
        Self { tries: 5, ..self }
    }

    /// The feature: the letters of the id.
    pub(crate) fn feature(&self) -> &'static str {
        self.id.trim_end_matches(|c: char| c.is_ascii_digit())
    }
}

/// Within this many microseconds of kernel time, whatever must happen has happened; generous, so that
/// it says nothing about the speed of the machine.
const PATIENCE: u64 = 50_000_000;

/// [`PATIENCE`] as a timeout.
pub(crate) const SOON: Time = Time::period(PATIENCE);

/// A little kernel time, long enough for others to get stuck where they should.
pub(crate) const A_WHILE: Time = Time::period(20_000);

/// The timeouts of an IPC that has to come to an end in both phases.
pub(crate) const BOTH_SOON: l4::Timeouts = l4::Timeouts::new(SOON, SOON);

/// Waits until `ready`, looking every 2 ms, for as long as [`SOON`].
#[track_caller]
pub(crate) fn until(what: &str, mut ready: impl FnMut() -> bool) -> Outcome {
    let start = l4::clock::micros();
    loop {
        if ready() {
            return Ok(());
        }
        if l4::clock::micros() - start > PATIENCE {
            return Err(Failure::new(format_args!("never came: {what}")));
        }
        pause(2_000);
    }
}

/// Sleeps; other threads run.
pub(crate) fn pause(micros: u64) {
    l4::ipc::sleep(Time::period(micros));
}

/// The microseconds that `time` really means, if it is a period.
pub(crate) fn micros_of(time: Time) -> u64 {
    match time.kind() {
        l4::abi::time::TimeKind::Period { micros } => micros,
        _ => 0,
    }
}
