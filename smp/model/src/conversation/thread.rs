//! What threads do by themselves: ask, receive, and what they are told.

use super::explore::Story;
use super::handle::Step;
use super::properties::reached;
use super::rules::Fault;
use super::state::{Ask, End, Half, Id, NEAR_S, Node, Phase, Queued, R, S, Wait};
use pecan_smp::protocol::{
    Answer, Kind, Outcome, Receiver, Refusal, Route, Serve, may_end_silently,
};
use pecan_smp::request::{Demand, Reason, Word};

impl Wait {
    fn accepts(self, from: Id) -> bool {
        matches!(self, Self::Any) || self == Self::From(from)
    }
}

impl Step<'_> {
    /// The next step of thread `id`, which is ready and lives here.
    pub(super) fn run(&mut self, id: Id) {
        let setup = self.model.setup;
        let deletes = setup.story == Story::DeleteEachOther && (id == S || id == R);
        let plain = Ask {
            from: id,
            to: R,
            version: 0,
            patient: true,
            then: None,
            silent: false,
            deletes,
        };
        if id != R {
            let then = match setup.story {
                Story::Call(wait) if id == S => Some(wait),
                _ => None,
            };
            let patient = id != S || setup.patient;
            let to = if id == NEAR_S { S } else { R };
            self.state.threads[id].asks -= 1;
            self.state.threads[id].delivered = 0;
            return self.ask(Ask {
                to,
                patient,
                then,
                silent: self.may_end_silently(then),
                ..plain
            });
        }
        let hungry = self.state.threads[R].appetite > 0;
        if deletes {
            self.ask(Ask { to: S, ..plain });
        } else if let Some((to, version)) = self.state.threads[R].owes.take() {
            let then = hungry.then_some(Wait::Any);
            self.state.threads[R].delivered = 0;
            self.ask(Ask {
                to,
                version,
                patient: false,
                then,
                silent: self.may_end_silently(then),
                ..plain
            });
        } else if hungry {
            self.receive(R, Wait::Any);
        } else {
            self.state.threads[R].phase = Phase::Over(End::Received);
        }
    }

    fn may_end_silently(&self, then: Option<Wait>) -> bool {
        may_end_silently(then.is_some(), self.model.setup.silent)
    }

    /// Sends or deletes: to a neighbour at once, else by a node.
    pub(super) fn ask(&mut self, ask: Ask) {
        match self
            .model
            .rules
            .route(self.cpu, self.state.threads[ask.to].home)
        {
            Route::Here => self.meet(ask),
            Route::Forward(cpu) => {
                let thread = &mut self.state.threads[ask.from];
                thread.word = thread.word.begun();
                let accepted =
                    |queued: &Queued| ask.then.is_some_and(|wait| wait.accepts(queued.ask().from));
                if thread.queue.iter().any(accepted)
                    && !self.model.rules.lacks(Fault::SilentWithQueue)
                {
                    thread.word = thread.word.demanded(Reason::Behind).0;
                }
                thread.phase = Phase::Asking(ask);
                let kind = if ask.deletes {
                    Kind::Control
                } else {
                    Kind::Request
                };
                let node = Node {
                    kind,
                    ask,
                    round: thread.word.round(),
                    own_post: false,
                };
                self.push(cpu, node);
            }
        }
    }

    fn meet(&mut self, ask: Ask) {
        self.own(ask.to);
        if ask.deletes {
            let gone = self.receiver(ask) == Receiver::Gone;
            if !gone {
                self.kill(ask.to);
            }
            return self.report(
                ask.from,
                if gone {
                    Outcome::NonExisting
                } else {
                    Outcome::Success
                },
            );
        }
        match self.decide(Word::default(), ask) {
            Serve::Deliver => {
                self.deliver(ask);
                self.sent(ask);
            }
            Serve::Queue => {
                self.state.threads[ask.to]
                    .queue
                    .push(Queued::Neighbour(ask));
                self.state.threads[ask.from].phase = Phase::Queued(ask.to);
            }
            Serve::Answer(Answer::Refused(Refusal::NotReady)) => {
                self.report(ask.from, Outcome::Timeout);
            }
            Serve::Answer(_) => self.report(ask.from, Outcome::NonExisting),
            Serve::Settle => self.state.broken = Some("a settled partner is not settled"),
        }
    }

    /// How the partner of `ask`, which lives here, looks to it.
    pub(super) fn receiver(&self, ask: Ask) -> Receiver {
        let partner = &self.state.threads[ask.to];
        if partner.version != ask.version && !self.model.rules.lacks(Fault::NoVersion) {
            return Receiver::Gone;
        }
        match partner.phase {
            Phase::Dying | Phase::Dead => Receiver::Gone,
            Phase::Waiting(wait) if wait.accepts(ask.from) => Receiver::Waiting,
            Phase::Asking(Ask {
                silent: true,
                then: Some(wait),
                ..
            }) if wait.accepts(ask.from) => Receiver::Calling,
            _ => Receiver::Busy,
        }
    }

    /// Finds out whether `id`, whose request may end silently, is waiting.
    pub(super) fn settle(&mut self, id: Id) -> Receiver {
        self.model.reached.note(reached::SETTLED);
        let demand = self.demand(id, Reason::Behind);
        if let (
            Demand::Delivered,
            Phase::Asking(Ask {
                then: Some(wait), ..
            }),
        ) = (demand, self.state.threads[id].phase)
        {
            self.state.threads[id].phase = Phase::Waiting(wait);
        }
        Receiver::settled(demand)
    }

    pub(super) fn demand(&mut self, id: Id, reason: Reason) -> Demand {
        let (word, demand) = self
            .model
            .rules
            .demanded(self.state.threads[id].word, reason);
        self.state.threads[id].word = word;
        demand
    }

    /// Gives the message of `ask` to its partner.
    pub(super) fn deliver(&mut self, ask: Ask) {
        self.own(ask.to);
        self.state.threads[ask.from].delivered += 1;
        let receiver = &mut self.state.threads[ask.to];
        if receiver.version != ask.version {
            self.state.broken = Some("a message reached another thread with the same number");
        }
        if ask.to == R {
            receiver.appetite = receiver.appetite.saturating_sub(1);
            receiver.owes = ask.then.map(|_| (ask.from, 0));
            receiver.delivered = 0;
            receiver.phase = Phase::Ready;
        } else {
            self.over(ask.to, End::Received);
        }
    }

    /// The send phase of `ask` is over.
    pub(super) fn sent(&mut self, ask: Ask) {
        match ask.then {
            Some(wait) => self.receive(ask.from, wait),
            None => self.report(ask.from, Outcome::Success),
        }
    }

    /// Starts the receive phase of `id`: takes a sender from its queue, or waits.
    pub(super) fn receive(&mut self, id: Id, wait: Wait) {
        loop {
            let queue = &mut self.state.threads[id].queue;
            let Some(position) = queue
                .iter()
                .position(|queued| wait.accepts(queued.ask().from))
            else {
                self.state.threads[id].phase = Phase::Waiting(wait);
                return;
            };
            match queue.remove(position) {
                Queued::Neighbour(ask) => {
                    self.own(ask.from);
                    self.deliver(ask);
                    return self.sent(ask);
                }
                Queued::Outside(node) if self.dequeue(node) => {
                    self.deliver(node.ask);
                    return self.then(Half::Conclude(node));
                }
                Queued::Outside(_) => {}
            }
        }
    }

    /// The operation of `id` is over.
    pub(super) fn report(&mut self, id: Id, outcome: Outcome) {
        self.own(id);
        if !matches!(self.state.threads[id].phase, Phase::Dead | Phase::Dying) {
            self.over(id, End::Reported(outcome));
        }
    }

    /// The story of `id` ends, or goes on with its next operation.
    fn over(&mut self, id: Id, end: End) {
        let deletes = self.model.setup.story == Story::DeleteEachOther;
        let thread = &mut self.state.threads[id];
        let told = match end {
            End::Received => 1,
            End::Reported(Outcome::Success | Outcome::CancelledReceiving) => u8::from(!deletes),
            End::Reported(_) => 0,
        };
        let goes_on = if id == R { !deletes } else { thread.asks > 0 };
        thread.phase = if goes_on {
            Phase::Ready
        } else {
            Phase::Over(end)
        };
        if thread.delivered != told && id != R {
            self.state.broken = Some("what is told is not what happened");
        }
    }
}
