//! What a worker does all day.

use core::sync::atomic::Ordering::{Acquire, Relaxed, Release};

use l4::{IpcCode, Message, Phase, SysError, ThreadId, Time, clock, ipc, schedule, thread, utcb};
use stress::letter::Kind;
use stress::mix;
use stress::plan::{Role, Space};
use stress::random::Random;
use stress::verdict::{Stakes, Verdict, judge};
use stress::wrong::What;

use crate::board::{RUN, SLOTS, Slot, Stage, count, report};
use crate::operation::{Actor, Operation, Outcome, Source, Target, ticket};
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

    /// A server's usual step.
    fn wait_for_work(&mut self) -> Option<Debt> {
        match self.random.below(100) {
            0..5 => self.notify(),
            5..10 => self.pause(),
            10..20 => self.receive(),
            _ => self.run(Operation {
                send: None,
                receive: Some((Source::Anybody, Time::NEVER)),
            }),
        }
    }

    /// A client's step.
    fn start_something(&mut self) -> Option<Debt> {
        match self.random.below(100) {
            0..30 => self.call(Role::Steady),
            30..42 => self.call(Role::Mortal),
            42..52 => self.call(Role::Client),
            52..70 => self.notify(),
            70..84 => self.receive(),
            84..88 => self.roam(),
            88..90 => self.write_to_the_dead(),
            _ => self.pause(),
        }
    }

    /// Pays a debt, and perhaps receives in the same operation.
    fn answer(&mut self, debt: Debt) -> Option<Debt> {
        if self.random.chance(10) {
            self.pause();
        }
        let limit = if self.random.chance(70) {
            Time::ZERO
        } else {
            self.finite()
        };
        let receive = match self.role {
            _ if self.random.chance(40) => None,
            Role::Client => Some((Source::Anybody, self.finite())),
            _ => Some((Source::Anybody, Time::NEVER)),
        };
        let operation = Operation {
            send: Some(Target {
                worker: debt.worker,
                id: debt.id,
                kind: Kind::Answer,
                limit,
            }),
            receive,
        };
        match self.actor.run(operation) {
            Outcome::Done(Some((letter, id))) if letter.kind == Kind::Request => Some(Debt {
                worker: letter.sender,
                id,
                number: letter.number,
            }),
            Outcome::Failed(error) if error.phase == Phase::Send => match error.code {
                IpcCode::Timeout if limit == Time::ZERO => {
                    self.blame(debt);
                    None
                }
                // The caller may wait without a limit: try again.
                IpcCode::Timeout | IpcCode::Cancelled => Some(debt),
                _ => None,
            },
            Outcome::Wrong => ipc::park(),
            _ => None,
        }
    }

    /// An answer without patience found nobody: wrong if the caller waits without a limit and nobody disturbed it.
    /// (With a limit, the time can be over before another CPU has looked.)
    fn blame(&self, debt: Debt) {
        let caller = &SLOTS[debt.worker];
        let waits = caller.ticket.load(Acquire) == ticket(self.actor.index, debt.number);
        let before = caller.ticket_aborts.load(Acquire);
        let disturbed = caller.receive_aborts.since(before);
        let current = caller.version.load(Acquire) as u32;
        if waits && !disturbed && !caller.dies(current) {
            report(
                What::Unanswered,
                self.actor.index,
                Some(debt.worker),
                debt.number,
            );
            ipc::park();
        }
    }

    /// Calls a worker of that role, without limits where the callee is sure to answer.
    fn call(&mut self, role: Role) -> Option<Debt> {
        let (worker, id) = self.partner(Some(role))?;
        let patient = self.random.chance(60);
        let (limit, wait) = match role {
            Role::Steady if patient => (Time::NEVER, Time::NEVER),
            Role::Mortal if patient => (Time::NEVER, self.finite()),
            _ => (self.impatient(), self.finite()),
        };
        self.run(Operation {
            send: Some(Target {
                worker,
                id,
                kind: Kind::Request,
                limit,
            }),
            receive: Some((Source::Worker(worker, id), wait)),
        })
    }

    /// Sends without expecting an answer.
    fn notify(&mut self) -> Option<Debt> {
        let (worker, id) = self.partner(None)?;
        let serves = RUN.worker(worker).role != Role::Client;
        let limit = if serves && self.role == Role::Client && self.random.chance(40) {
            Time::NEVER
        } else {
            self.impatient()
        };
        self.run(Operation {
            send: Some(Target {
                worker,
                id,
                kind: Kind::Notice,
                limit,
            }),
            receive: None,
        })
    }

    /// Receives, with a limit.
    fn receive(&mut self) -> Option<Debt> {
        let source = match self.random.below(10) {
            0..6 => Source::Anybody,
            6..8 => Source::AnybodyHere,
            _ => {
                let (worker, id) = self.partner(None)?;
                Source::Worker(worker, id)
            }
        };
        let limit = self.impatient();
        self.run(Operation {
            send: None,
            receive: Some((source, limit)),
        })
    }

    /// Sleeps, yields or spins.
    fn pause(&mut self) -> Option<Debt> {
        count(&self.slot.rounds);
        match self.random.below(3) {
            0 => self.rest(),
            1 => schedule::yield_now(),
            _ => {
                for _ in 0..self.random.below(300) {
                    core::hint::spin_loop();
                }
            }
        }
        None
    }

    /// Moves itself or another worker, perhaps while others move it, to some CPU or to one that does not exist.
    fn roam(&mut self) -> Option<Debt> {
        let mine = RUN.worker(self.actor.index);
        if !RUN.mix().has(mix::Kind::Migrate) || mine.space != Space::Root || mine.settled {
            return None;
        }
        count(&self.slot.rounds);
        let cpus = RUN.cpus.load(Relaxed) as u64;
        let me = (self.actor.index, self.actor.id);
        let (worker, id) = match self.random.below(3) {
            0 => self
                .partner(None)
                .filter(|(worker, _)| !RUN.worker(*worker).settled),
            _ => Some(me),
        }?;
        let cpu = self.random.below(cpus + 1) as usize;
        let exists = (cpu as u64) < cpus;
        let result = schedule::set_cpu(
            id,
            if exists {
                cpu
            } else {
                nowhere(&mut self.random)
            },
        );
        let wrong = match result {
            Ok(_) if !exists => Some(What::Accepted),
            // If it exists, another move is under way.
            Ok(_) | Err(SysError::InvalidParameter) => None,
            Err(SysError::InvalidThread) if SLOTS[worker].dies(id.version()) => None,
            Err(_) => Some(What::Refused),
        };
        if let Some(what) = wrong {
            let detail = result.map_or_else(SysError::raw, |_| cpu as u64);
            self.complain(what, worker, detail);
        }
        None
    }

    /// Sends to a thread that was deleted and whose number has a new one, or none yet.
    fn write_to_the_dead(&mut self) -> Option<Debt> {
        let worker = self.random.below(RUN.workers() as u64) as usize;
        let version = SLOTS[worker].buried.load(Acquire) as u32;
        if version == 0 || worker == self.actor.index {
            return None;
        }
        count(&self.slot.rounds);
        let dead = ThreadId::global(crate::crew::number(worker), version);
        let (limit, message) = (self.finite(), Message::new(0));
        let begin = clock::micros();
        let (result, phases) = match self.random.below(3) {
            0 => (
                ipc::receive_within(dead, limit).map(|_| ()),
                [None, Some(limit)],
            ),
            1 => (ipc::send_within(dead, &message, limit), [Some(limit), None]),
            _ => (
                ipc::call(dead, &message).map(|_| ()),
                [Some(Time::NEVER); 2],
            ),
        };
        let [send, receive] = phases.map(|limit| limit.map(to_the_dead));
        let micros = clock::micros() - begin;
        match result {
            Err(error) if judge(error, send, receive, micros) == Verdict::Allowed => {}
            Err(error) => self.complain(What::Outcome, worker, error.raw()),
            Ok(()) => self.complain(What::Ghost, worker, dead.raw()),
        }
        None
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

/// What a phase with this limit reckons with whose partner is dead: whoever is aborted before the kernel has looked is
/// cancelled, and the limit can be over before the CPU has looked where the dead one has not quite gone.
const fn to_the_dead(limit: Time) -> Stakes {
    Stakes {
        limit,
        transfer: Time::NEVER,
        strings: false,
        cancelled: true,
        disturbed: false,
        died: true,
    }
}

/// The number of a CPU that does not exist.
pub(crate) fn nowhere(random: &mut Random) -> usize {
    let cpus = RUN.cpus.load(Relaxed) as u64;
    let numbers = [cpus, cpus + random.below(100), 1023, 1024, 0x7FFF, 0xFFFE];
    let number = numbers[random.below(numbers.len() as u64) as usize];
    number.max(cpus) as usize
}
