//! What a worker does all day.

mod debt;
mod start;

use core::sync::atomic::Ordering::{Relaxed, Release};

use l4::{ThreadId, Time, clock, ipc, thread, utcb};
use stress::letter::Kind;
use stress::plan::Role;
use stress::random::Random;
use stress::wrong::What;

use crate::board::{RUN, SLOTS, Slot, Stage, report};
use crate::operation::{Actor, Operation, Outcome, Source};
use crate::vector;

/// A worker sleeps after this many microseconds of work, so that those of lower priority have their turn.
const BURST: u64 = 400;

/// Set in a stream number to keep the places of strings apart from what is done.
const PLACES: u64 = 1 << 60;

/// A request that is to be answered.
#[derive(Clone, Copy)]
struct Debt {
    worker: usize,
    id: ThreadId,
    number: u64,
}

struct Work {
    actor: Actor,
    slot: &'static Slot,
    role: Role,
    random: Random,
    rested: u64,
}

/// The function of worker `index`.
pub(crate) fn work(index: u64) {
    let slot = &SLOTS[index as usize];
    let id = thread::myself();
    let stream = index << 32 | u64::from(id.version());
    let mut random = Random::new(RUN.seed.load(Relaxed), stream);
    let pattern = random.draw();
    vector::set(pattern);
    slot.local.store(utcb::my().local_id().raw(), Release);
    slot.alive.store(true, Release);
    let mut work = Work {
        actor: Actor {
            index: index as usize,
            id,
            pattern,
            random: Random::new(RUN.seed.load(Relaxed), PLACES | stream),
        },
        slot,
        role: RUN.worker(index as usize).role,
        random,
        rested: clock::micros(),
    };
    let mut debt = None;
    while debt.is_some() || !work.is_over() {
        debt = work.step(debt);
    }
    slot.finished.store(true, Release);
}

impl Work {
    fn is_over(&self) -> bool {
        RUN.has_come_to(match self.role {
            Role::Client => Stage::ClientsStop,
            Role::Steady | Role::Mortal => Stage::AllStop,
        })
    }

    /// One operation; gives the debt that it leaves.
    fn step(&mut self, debt: Option<Debt>) -> Option<Debt> {
        let now = clock::micros();
        if now.wrapping_sub(self.rested) > BURST {
            self.rest();
        }
        match (debt, self.role) {
            (Some(debt), _) => self.answer(debt),
            (None, Role::Client) => self.start_something(),
            (None, _) => self.wait_for_work(),
        }
    }

    /// Runs an operation and gives the debt that it leaves.
    fn run(&mut self, operation: Operation) -> Option<Debt> {
        match self.actor.run(operation) {
            Outcome::Done(Some((letter, id))) if letter.kind == Kind::Request => Some(Debt {
                worker: letter.sender,
                id,
                number: letter.number,
            }),
            Outcome::Wrong => ipc::park(),
            _ => None,
        }
    }

    fn rest(&mut self) {
        let nap = Time::period(self.random.between(100, 1200));
        self.run(Operation {
            send: None,
            receive: Some((Source::Myself, nap)),
        });
        self.rested = clock::micros();
    }

    /// Reports what is wrong, and works no longer.
    fn complain(&self, what: What, partner: usize, detail: u64) -> ! {
        report(what, self.actor.index, Some(partner), detail);
        ipc::park()
    }

    fn finite(&mut self) -> Time {
        Time::period(self.random.between(50, 4000))
    }

    fn impatient(&mut self) -> Time {
        if self.random.chance(30) {
            Time::ZERO
        } else {
            self.finite()
        }
    }

    /// A living worker of `role` (any, if none is given) other than this one.
    fn partner(&mut self, role: Option<Role>) -> Option<(usize, ThreadId)> {
        let workers = RUN.workers();
        for _ in 0..8 {
            let worker = self.random.below(workers as u64) as usize;
            let fits = role.is_none_or(|role| RUN.worker(worker).role == role);
            if worker != self.actor.index
                && fits
                && let Some(id) = SLOTS[worker].thread()
            {
                return Some((worker, id));
            }
        }
        None
    }
}

/// The number of a CPU that does not exist.
pub(crate) fn nowhere(random: &mut Random) -> usize {
    let cpus = RUN.cpus.load(Relaxed) as u64;
    let numbers = [cpus, cpus + random.below(100), 1023, 1024, 0x7FFF, 0xFFFE];
    let number = numbers[random.below(numbers.len() as u64) as usize];
    number.max(cpus) as usize
}
