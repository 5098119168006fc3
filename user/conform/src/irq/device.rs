//! The device of these tests, and its lines.

use core::sync::atomic::{AtomicBool, Ordering::SeqCst};

use l4::abi::protocol::INTERRUPT_TAG;
use l4::hpet::{Hpet, Trigger};
use l4::{Tag, ThreadId, Time, interrupt, thread};

use crate::harness::{A_WHILE, Failure, Job, Outcome, SOON, equal, hex};

/// A line whose interrupts are edges.
pub(super) const EDGE: u32 = 8;
/// A line that interrupts by level, for timer 1.
pub(super) const LEVEL: u32 = 20;
/// Another one, for timer 2.
pub(super) const OTHER: u32 = 21;

/// Long enough for a thread to get where it waits, short for a test; microseconds.
pub(super) const SHORTLY: u64 = 3_000;

static IS_MAPPED: AtomicBool = AtomicBool::new(false);

/// The device.
#[track_caller]
pub(super) fn hpet() -> Result<Hpet, Failure> {
    let found = if IS_MAPPED.load(SeqCst) {
        Ok(Hpet::already_open())
    } else {
        Hpet::open()
    };
    match found {
        Ok(Some(hpet)) if usable(hpet) => {
            IS_MAPPED.store(true, SeqCst);
            (0..3).for_each(|timer| hpet.stop(timer));
            Ok(hpet)
        }
        other => Err(Failure::new(format_args!("no usable HPET: {other:?}"))),
    }
}

fn usable(hpet: Hpet) -> bool {
    hpet.timers() >= 3 && hpet.reaches(0, EDGE) && hpet.reaches(1, LEVEL) && hpet.reaches(2, OTHER)
}

/// Interrupts [`EDGE`] once, shortly.
pub(super) fn edge(hpet: Hpet) {
    hpet.shoot(0, EDGE, Trigger::Edge, SHORTLY);
}

/// Interrupts [`LEVEL`] from shortly on.
pub(super) fn level(hpet: Hpet) {
    hpet.shoot(1, LEVEL, Trigger::Level, SHORTLY);
}

/// Interrupts [`OTHER`] from shortly on.
pub(super) fn other(hpet: Hpet) {
    hpet.shoot(2, OTHER, Trigger::Level, SHORTLY);
}

/// Fails unless the message of line `number` comes when the caller waits for `from`; `flags` are the tag's.
#[track_caller]
pub(super) fn comes(from: ThreadId, number: u32, flags: u64) -> Outcome {
    is_from(Job::receive(from), number, flags)
}

/// Fails unless what this IPC receives is the message of line `number`.
#[track_caller]
pub(super) fn is_from(job: Job, number: u32, flags: u64) -> Outcome {
    let got = job.within(SOON, SOON).now();
    got.ok()?;
    hex("tag", got.mr[0], INTERRUPT_TAG.raw() | flags)?;
    equal("from", got.from, interrupt::thread(number))
}

/// Fails if a message comes.
#[track_caller]
pub(super) fn nothing_comes() -> Outcome {
    let error = 3;
    Job::receive(ThreadId::ANY)
        .within(Time::ZERO, A_WHILE)
        .now()
        .bare_error(error)
}

/// A handler that serves `EDGE` until it is told to stop: counts its messages in word 0, those from other CPUs in
/// word 1, its own CPU in word 2, failures in word 3. Begins when its id is in word 4.
pub(super) fn count_edges(_: u64) {
    use crate::harness::{board, until};
    // It gives up by itself if the test does.
    until("the association", || {
        board::get(4) == thread::myself().raw()
    })
    .ok();
    let irq = interrupt::thread(EDGE);
    let mut job = Job::receive(irq);
    loop {
        let got = job.now();
        if got.ok().is_err() {
            board::add(3, 1);
            return;
        }
        board::put(2, l4::utcb::my().processor() as u64);
        board::add(1, u64::from(got.mr[0] & Tag::CROSS_CPU != 0));
        board::add(0, 1);
        job = Job::call(irq);
    }
}
