//! Looking for workers that hang.

use core::sync::atomic::Ordering::Acquire;

use l4::clock;
use stress::plan::MOST_WORKERS;
use stress::wrong::What;

use crate::board::{RUN, SLOTS, report};
use crate::staff::{AGENTS, DRIVERS, Member, PROVIDERS, STORMERS};

/// A worker whose count of operations stands still for so many microseconds hangs.
const LIMIT: u64 = 20_000_000;
/// What passes between two looks counts as no more than this: if it was more, the whole machine stood still.
const MOST: u64 = 1_000_000;
/// Threads that are no workers.
const MEMBERS: usize = AGENTS + PROVIDERS + DRIVERS + STORMERS;

/// When each thread last showed life.
pub(crate) struct Watch {
    last: u64,
    /// Microseconds that count so far.
    time: u64,
    workers: [(u64, u64); MOST_WORKERS],
    members: [(u64, u64); MEMBERS],
}

impl Watch {
    /// Nobody was seen yet.
    pub(crate) fn new() -> Self {
        Self {
            last: clock::micros(),
            time: 0,
            workers: [(0, 0); MOST_WORKERS],
            members: [(0, 0); MEMBERS],
        }
    }

    /// Looks at everyone and reports who hangs.
    pub(crate) fn look(&mut self) {
        let micros = clock::micros();
        self.time += (micros - self.last).min(MOST);
        self.last = micros;
        let now = self.time;
        for (index, seen) in self.workers[..RUN.workers()].iter_mut().enumerate() {
            let slot = &SLOTS[index];
            let doing = slot.doing();
            let excused = slot.finished.load(Acquire)
                || slot.thread().is_none()
                || doing.waits_without_limit();
            // A new life counts as a sign of life.
            let sign = slot.rounds.load(Acquire) + (slot.version.load(Acquire) << 40);
            if !is_stuck(seen, sign, excused, now) {
                continue;
            }
            if slot.alive.load(Acquire) {
                let partner = doing.sends().map(|(target, _)| target);
                report(What::Hang, index, partner, doing.0);
            } else {
                report(What::NotStarted, index, None, slot.id.load(Acquire));
            }
        }
        for (index, (seen, member)) in self.members.iter_mut().zip(Member::all()).enumerate() {
            let pulse = member.pulse();
            if is_stuck(seen, pulse.unwrap_or(0), pulse.is_none(), now) {
                report(
                    What::Silence,
                    index,
                    None,
                    member.thread().map_or(0, |id| id.raw()),
                );
            }
        }
    }
}

/// Notes a sign of life; true if there was none for too long.
fn is_stuck(seen: &mut (u64, u64), sign: u64, excused: bool, now: u64) -> bool {
    if excused || seen.0 != sign {
        *seen = (sign, now);
    }
    now.saturating_sub(seen.1) > LIMIT
}
