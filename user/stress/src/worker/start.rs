//! What a worker begins that owes nothing.

use core::sync::atomic::Ordering::{Acquire, Relaxed};

use l4::{Message, SysError, ThreadId, Time, clock, ipc, schedule};
use stress::letter::Kind;
use stress::mix;
use stress::plan::{Role, Space};
use stress::verdict::{Stakes, Verdict, judge};
use stress::wrong::What;

use super::{Debt, Work, nowhere};
use crate::board::{RUN, SLOTS, count};
use crate::operation::{Operation, Source, Target};

impl Work {
    /// A server's usual step.
    pub(super) fn wait_for_work(&mut self) -> Option<Debt> {
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
    pub(super) fn start_something(&mut self) -> Option<Debt> {
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

    /// Calls a worker of that role, without limits where the callee is sure to answer.
    pub(super) fn call(&mut self, role: Role) -> Option<Debt> {
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
    pub(super) fn notify(&mut self) -> Option<Debt> {
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
    pub(super) fn receive(&mut self) -> Option<Debt> {
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
    pub(super) fn pause(&mut self) -> Option<Debt> {
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
    pub(super) fn roam(&mut self) -> Option<Debt> {
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
    pub(super) fn write_to_the_dead(&mut self) -> Option<Debt> {
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
