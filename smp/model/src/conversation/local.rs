//! What its home does to a thread: timeout, abort, deletion, move.

use super::handle::Step;
use super::rules::Fault;
use super::state::{Ask, Half, Id, Node, Phase, Queued};
use pecan_smp::cpuset::Cpu;
use pecan_smp::protocol::{Answer, Kind, Outcome, Refusal};
use pecan_smp::request::{Demand, Reason};

impl Step<'_> {
    /// Demands the end of the request of `id`; recalls it if it is queued.
    fn interrupt(&mut self, ask: Ask, reason: Reason) -> Demand {
        let demand = self.demand(ask.from, reason);
        if let Demand::Recall(cpu) = demand {
            let round = self.state.threads[ask.from].word.round();
            self.then(Half::Recall(
                cpu,
                Node {
                    kind: Kind::Cancel,
                    ask,
                    round,
                    own_post: false,
                },
            ));
        }
        demand
    }

    fn leave_queue(&mut self, id: Id, at: Id) {
        self.own(at);
        self.state.threads[at]
            .queue
            .retain(|queued| queued.ask().from != id);
    }

    /// The send timeout of `id` is over.
    pub(super) fn timeout(&mut self, id: Id) {
        match self.state.threads[id].phase {
            Phase::Queued(at) => {
                self.leave_queue(id, at);
                self.report(id, Outcome::Timeout);
            }
            Phase::Asking(ask) if !ask.deletes => {
                match (self.interrupt(ask, Reason::Timeout), ask.then) {
                    (Demand::Delivered, Some(wait)) => {
                        self.state.threads[id].phase = Phase::Waiting(wait)
                    }
                    _ if self.model.rules.lacks(Fault::ResumedEarly) => {
                        self.report(id, Outcome::Timeout)
                    }
                    _ => {}
                }
            }
            _ => {}
        }
    }

    /// Somebody cancels what `id` does.
    pub(super) fn abort(&mut self, id: Id) {
        match self.state.threads[id].phase {
            Phase::Queued(at) => {
                self.leave_queue(id, at);
                self.report(id, Outcome::Cancelled);
            }
            Phase::Waiting(_) => self.report(id, Outcome::CancelledReceiving),
            Phase::Asking(ask) if !ask.deletes => {
                let settled = self.interrupt(ask, Reason::Abort);
                if settled == Demand::Delivered {
                    self.report(id, Outcome::CancelledReceiving);
                }
            }
            _ => {}
        }
    }

    /// Deletes `id`.
    pub(super) fn kill(&mut self, id: Id) {
        self.own(id);
        if !self.model.rules.lacks(Fault::NotFlushed) {
            for queued in std::mem::take(&mut self.state.threads[id].queue) {
                match queued {
                    Queued::Neighbour(ask) => self.report(ask.from, Outcome::NonExisting),
                    Queued::Outside(node) if self.dequeue(node) => {
                        self.answer(node, Answer::Refused(Refusal::NonExisting));
                    }
                    Queued::Outside(_) => {}
                }
            }
        }
        let phase = match self.state.threads[id].phase {
            Phase::Queued(at) => {
                self.leave_queue(id, at);
                Phase::Dead
            }
            Phase::Asking(ask) => match self.interrupt(ask, Reason::Kill) {
                Demand::Delivered => Phase::Dead,
                _ if self.model.rules.lacks(Fault::FreedOnKill) => Phase::Dead,
                _ => Phase::Dying,
            },
            _ => Phase::Dead,
        };
        let thread = &mut self.state.threads[id];
        thread.phase = phase;
        thread.owes = None;
        thread.move_at_end = None;
    }

    /// Makes a new thread with the number of the dead `id`.
    pub(super) fn revive(&mut self, id: Id) {
        let thread = &mut self.state.threads[id];
        thread.version += 1;
        thread.phase = Phase::Ready;
        thread.appetite = 1;
    }

    /// Moves `id` now, or when its request has ended.
    pub(super) fn move_to(&mut self, id: Id, there: Cpu) {
        if matches!(self.state.threads[id].phase, Phase::Dead | Phase::Dying) || there == self.cpu {
            return;
        }
        self.own(id);
        let asks = match self.state.threads[id].phase {
            Phase::Asking(ask) => Some(ask),
            _ => None,
        };
        let out = asks.map(|_| self.demand(id, Reason::Behind));
        if !self.model.rules.may_move(out) {
            self.state.threads[id].move_at_end = Some(there);
            return;
        }
        if let (
            Some(Demand::Delivered),
            Some(Ask {
                then: Some(wait), ..
            }),
        ) = (out, asks)
        {
            self.state.threads[id].phase = Phase::Waiting(wait);
        }
        self.depart(id, there);
    }

    fn depart(&mut self, id: Id, there: Cpu) {
        let thread = &mut self.state.threads[id];
        let ask = Ask {
            from: id,
            to: id,
            version: thread.version,
            patient: false,
            then: None,
            silent: false,
            deletes: false,
        };
        let round = thread.word.round();
        thread.home.leaving_for = Some(there);
        if self.model.rules.lacks(Fault::PublishedOnDeparture) {
            thread.home = pecan_smp::protocol::Home {
                cpu: there,
                leaving_for: None,
            };
        }
        let stays = self.model.rules.lacks(Fault::QueueLeftBehind);
        let queue = if stays {
            Vec::new()
        } else {
            std::mem::take(&mut thread.queue)
        };
        self.push(
            there,
            Node {
                kind: Kind::Arrive,
                ask,
                round,
                own_post: false,
            },
        );
        for queued in queue {
            match queued {
                Queued::Neighbour(ask) => self.ask(ask),
                Queued::Outside(node) if self.dequeue(node) => self.push(there, node),
                Queued::Outside(_) => {}
            }
        }
    }
}
