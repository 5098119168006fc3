//! The threads of all situations.

use l4::abi::exregs;
use l4::{Message, ThreadId, ipc, schedule, thread};

use super::actor::{self, CAST};
use crate::harness::regular::local;
use crate::harness::{Failure, Outcome, raw, worker};

/// The threads of all situations.
pub(super) struct Cast {
    pub(super) actors: [ThreadId; CAST],
    /// The local ids of those that have the same space; nil for the others.
    pub(super) local: [ThreadId; CAST],
    /// In the space of each actor, a thread that aborts what it does.
    pub(super) breakers: [ThreadId; CAST],
    /// Runs when none of them can, and says so.
    last: ThreadId,
}

/// Answers each message when all others are blocked, as the least urgent thread. A call hands it the CPU at once.
fn answer(_: u64) {
    l4::server::serve(|_| {
        schedule::yield_now();
        Some(Message::new(0))
    })
}

/// Aborts the calls of those whose id it gets; answers with the verdict and the old control word.
fn break_off(_: u64) {
    l4::server::serve(|request| {
        let thread = ThreadId::from_raw(request.message.word_at(0));
        let (verdict, old) = raw::control(thread, exregs::SEND | exregs::RECEIVE);
        Some(Message::new(0).word(verdict.pack()).word(old.control))
    })
}

impl Cast {
    /// Two actors in the root task's space, two in another, one in a third; the higher the number, the more urgent, so that
    /// there is one order in which they run.
    #[track_caller]
    pub(super) fn start() -> Result<Self, Failure> {
        actor::obey(thread::myself());
        let mut actors = [ThreadId::NIL; CAST];
        for number in 0..CAST {
            let plan = match number {
                0 | 3 => worker::here(),
                2 => worker::here().in_space_of(actors[1]),
                _ => worker::away(),
            };
            let plan = plan.cpu(0).priority(101 + number as u8);
            actors[number] = worker::start(plan, actor::act, number as u64)?;
        }
        let last = worker::start(worker::here().cpu(0).priority(90), answer, 0)?;
        let mut names = [ThreadId::NIL; CAST];
        for number in [0, 3] {
            names[number] = local(actors[number])?;
        }
        let mut breakers = [ThreadId::NIL; CAST];
        for number in [0, 1, 4] {
            let plan = worker::here().cpu(0).priority(150);
            let plan = plan.in_space_of(actors[number]);
            breakers[number] = worker::start(plan, break_off, 0)?;
        }
        (breakers[2], breakers[3]) = (breakers[1], breakers[0]);
        let cast = Self {
            actors,
            breakers,
            local: names,
            last,
        };
        cast.settle()?;
        Ok(cast)
    }

    /// Returns when all actors are blocked.
    #[track_caller]
    pub(super) fn settle(&self) -> Outcome {
        match ipc::call(self.last, &Message::new(0)) {
            Ok(_) => Ok(()),
            Err(error) => Err(Failure::new(format_args!("nobody is last: {error:?}"))),
        }
    }
}
