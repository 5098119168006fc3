//! What threads do by themselves: ask, receive, and what they are told.

use super::handle::Step;
use super::rules::Fault;
use super::setup::{Role, Then};
use super::state::{Ask, End, Half, Id, Node, Phase, Queued, Service, Wait, What};
use pecan_smp::cpuset::Cpu;
use pecan_smp::protocol::{
    Answer, Kind, Outcome, Receiver, Refusal, Route, Serve, may_end_silently,
};
use pecan_smp::request::{Reason, Word};

impl Step<'_> {
    /// The next step of thread `id`, which can run and lives here.
    pub(super) fn run(&mut self, id: Id) {
        self.own(id);
        match self.state.threads[id].phase {
            Phase::Again(ask) => self.ask(ask),
            Phase::Receive(wait) => self.enter(id, wait),
            Phase::Copying => self.copy(id),
            Phase::Faulting => self.serve_fault(id),
            Phase::Served(service) => self.served(id, service),
            Phase::Sending(_) => self.depart_if_asked(id),
            _ => self.begin(id),
        }
    }

    /// `id` begins its next operation.
    fn begin(&mut self, id: Id) {
        if self.state.threads[id].travel.away_from().is_some() {
            self.state.broken = Some("a visitor runs in user mode");
            return;
        }
        match self.model.setup.threads[id].1 {
            Role::Absent => {}
            Role::Asks(job, _) => {
                let thread = &mut self.state.threads[id];
                thread.left -= 1;
                thread.delivered = 0;
                let then = match job.then {
                    Then::Nothing => None,
                    Then::Any => Some(Wait::Any),
                    Then::Partner => Some(Wait::From(job.to, 0)),
                };
                self.ask(Ask {
                    what: job.what,
                    patient: job.patient,
                    ..self.message(id, (job.to, 0), then)
                });
            }
            Role::Serves(_) => self.go_on_serving(id),
        }
    }

    fn go_on_serving(&mut self, id: Id) {
        let thread = &mut self.state.threads[id];
        let hungry = thread.left > 0;
        match thread.owes.take() {
            Some(caller) => {
                thread.delivered = 0;
                self.ask(Ask {
                    patient: false,
                    ..self.message(id, caller, hungry.then_some(Wait::Any))
                });
            }
            None if hungry => self.enter(id, Wait::Any),
            None => thread.phase = Phase::Over(End::Received),
        }
    }

    /// A short message from `from`.
    pub(super) fn message(&self, from: Id, to: (Id, u8), then: Option<Wait>) -> Ask {
        Ask {
            from,
            from_version: self.state.threads[from].version,
            to: to.0,
            version: to.1,
            what: What::Message,
            patient: true,
            then,
            silent: may_end_silently(then.is_some(), self.model.setup.silent),
        }
    }

    /// Begins a send phase or a control request: here at once, else by a node, or by going there.
    pub(super) fn ask(&mut self, ask: Ask) {
        if !self.names_somebody(ask) {
            return self.report(ask.from, Outcome::NonExisting);
        }
        let home = self.state.threads[ask.to].home;
        match self.model.rules.route(self.cpu, home) {
            Route::Here => self.meet(ask),
            Route::Forward(there) if ask.what == What::Long => self.set_out(ask, there),
            Route::Forward(there) => self.request(ask, there),
        }
    }

    /// The node of `ask` goes to CPU `there`.
    pub(super) fn request(&mut self, ask: Ask, there: Cpu) {
        let thread = &mut self.state.threads[ask.from];
        let kind = if ask.what.is_control() {
            thread.phase = Phase::Controlling(ask);
            Kind::Control
        } else {
            thread.word = thread.word.begun();
            let accepted =
                |queued: &Queued| ask.then.is_some_and(|wait| wait.accepts(queued.ask()));
            if thread.queue.iter().any(accepted) && !self.model.rules.lacks(Fault::SilentWithQueue)
            {
                thread.word = thread.word.demanded(Reason::Behind).0;
            }
            thread.phase = Phase::Asking(ask);
            Kind::Request
        };
        let node = Node {
            kind,
            ask,
            round: thread.word.round(),
            own_post: false,
        };
        self.push(there, node);
    }

    fn meet(&mut self, ask: Ask) {
        self.own(ask.to);
        if ask.what.is_control() {
            self.execute(ask);
            return self.report(ask.from, Outcome::Success);
        }
        match self.decide(Word::default(), ask) {
            Serve::Deliver if ask.what == What::Long => self.lock(ask, ask.from),
            Serve::Deliver => {
                self.deliver(ask);
                match ask.then {
                    Some(wait) => self.enter(ask.from, wait),
                    None => self.report(ask.from, Outcome::Success),
                }
            }
            Serve::Queue => self.queue_up(ask),
            Serve::Answer(Answer::Refused(Refusal::NotReady)) => {
                self.report(ask.from, Outcome::Timeout);
            }
            Serve::Answer(_) => self.report(ask.from, Outcome::NonExisting),
            Serve::Settle => self.state.broken = Some("a settled partner is not settled"),
        }
    }

    /// The sender of `ask` waits in the queue of the partner, which lives here, too.
    pub(super) fn queue_up(&mut self, ask: Ask) {
        self.state.threads[ask.to]
            .queue
            .push(Queued::Neighbour(ask));
        self.state.threads[ask.from].phase = Phase::Sending(ask);
    }

    /// Whether some thread has the id that `ask` is for. Any CPU may look.
    pub(super) fn names_somebody(&self, ask: Ask) -> bool {
        if ask.what == What::Delete {
            return self.state.threads[ask.to].is_alive();
        }
        self.state.exists(ask.to, ask.version) || self.model.rules.lacks(Fault::NoVersion)
    }

    /// How the partner of `ask`, which lives here, looks to it.
    pub(super) fn receiver(&self, ask: Ask) -> Receiver {
        if !self.names_somebody(ask) {
            return Receiver::Gone;
        }
        match self.state.threads[ask.to].phase {
            Phase::Dying | Phase::Dead => Receiver::Gone,
            Phase::Waiting(wait) if wait.accepts(ask) => Receiver::Waiting,
            Phase::Asking(_) => Receiver::Calling,
            _ => Receiver::Busy,
        }
    }

    /// Gives the message of `ask` to its partner.
    pub(super) fn deliver(&mut self, ask: Ask) {
        self.own(ask.to);
        self.state.threads[ask.from].delivered += 1;
        let receiver = &mut self.state.threads[ask.to];
        if receiver.version != ask.version {
            self.state.broken = Some("a message reached another thread with the same number");
        }
        if matches!(self.model.setup.threads[ask.to].1, Role::Serves(_)) && !receiver.inside {
            receiver.left = receiver.left.saturating_sub(1);
            receiver.owes = ask.then.map(|_| (ask.from, ask.from_version));
            receiver.delivered = 0;
        }
        self.over(ask.to, End::Received);
    }

    /// The send phase of `ask` is over; its sender is blocked here.
    pub(super) fn sent(&mut self, ask: Ask) {
        let Some(wait) = ask.then else {
            return self.report(ask.from, Outcome::Success);
        };
        let must_run = self.waits_for_nobody(wait);
        let thread = &mut self.state.threads[ask.from];
        let comes_up = thread.queue.iter().any(|queued| wait.accepts(queued.ask()));
        thread.phase = if comes_up || must_run {
            Phase::Receive(wait)
        } else {
            Phase::Waiting(wait)
        };
        self.depart_if_asked(ask.from);
    }

    pub(super) fn waits_for_nobody(&self, wait: Wait) -> bool {
        matches!(wait, Wait::From(id, version) if !self.state.exists(id, version))
    }

    /// The receive phase of `id`, which runs: takes a sender from its queue, or waits.
    fn enter(&mut self, id: Id, wait: Wait) {
        if self.waits_for_nobody(wait) {
            return self.over(id, End::Orphaned);
        }
        let accepted = |queued: &Queued| wait.accepts(queued.ask());
        while let Some(position) = self.state.threads[id].queue.iter().position(accepted) {
            match self.state.threads[id].queue.remove(position) {
                Queued::Neighbour(ask) if ask.what == What::Long => return self.lock(ask, id),
                Queued::Neighbour(ask) => {
                    self.own(ask.from);
                    self.deliver(ask);
                    return self.sent(ask);
                }
                Queued::Outside(node) if self.dequeue(node) => {
                    if let Serve::Answer(answer) = self.across(Serve::Deliver, node.ask) {
                        self.answer(node, answer);
                        continue;
                    }
                    self.deliver(node.ask);
                    return self.then(Half::Conclude(node));
                }
                Queued::Outside(_) => {}
            }
        }
        self.state.threads[id].phase = Phase::Waiting(wait);
    }

    /// The operation of `id` is over.
    pub(super) fn report(&mut self, id: Id, outcome: Outcome) {
        self.own(id);
        if self.state.threads[id].is_alive() {
            self.over(id, End::Reported(outcome));
        }
    }

    /// The operation of `id` ends: its story, too, or it goes on with the next one.
    pub(super) fn over(&mut self, id: Id, end: End) {
        let role = self.model.setup.threads[id].1;
        let serves = matches!(role, Role::Serves(_));
        let thread = &mut self.state.threads[id];
        if thread.delivered != told(end) && (thread.inside || !serves) {
            self.state.broken = Some("what is told is not what happened");
        }
        thread.phase = if thread.inside {
            thread.delivered = 0;
            Phase::Served(match end {
                End::Reported(Outcome::NonExisting) | End::Orphaned => Service::Nobody,
                _ => Service::Ended,
            })
        } else if serves || thread.left > 0 {
            Phase::Ready
        } else {
            Phase::Over(end)
        };
        self.depart_if_asked(id);
    }
}

/// How often a message was delivered, if its sender is told `end`.
pub(super) fn told(end: End) -> u8 {
    match end {
        End::Reported(Outcome::Success | Outcome::CancelledReceiving) => 1,
        End::Received | End::Orphaned | End::TimedOut => 1,
        End::Reported(_) | End::Broken => 0,
    }
}
