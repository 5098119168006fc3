//! A thread moves to another CPU: because it was told to, or to visit its partner with a message that may take long.

use super::handle::Step;
use super::properties::reached;
use super::rules::Fault;
use super::state::{Ask, Id, Node, Phase, Queued, What};
use pecan_smp::cpuset::Cpu;
use pecan_smp::protocol::{Answer, Home, Kind, Outcome, Refusal, Route, Serve};
use pecan_smp::request::{Reason, Word};
use pecan_smp::travel::{Departure, Engaged, Travel};

impl Step<'_> {
    /// `id` is to live on CPU `there`. A visitor goes there afterwards.
    pub(super) fn move_to(&mut self, id: Id, there: Cpu) {
        self.own(id);
        let thread = &mut self.state.threads[id];
        thread.belongs = there;
        thread.travel = self.model.rules.told(thread.travel, self.cpu, there);
        self.depart_if_asked(id);
    }

    /// The sender of `ask` goes to CPU `there` with its message, as soon as it has left the CPU.
    pub(super) fn set_out(&mut self, ask: Ask, there: Cpu) {
        let thread = &mut self.state.threads[ask.from];
        thread.phase = Phase::Sending(ask);
        thread.travel = thread.travel.visit(self.cpu, there);
    }

    /// Sends `id` away if it was asked to move and nothing keeps it.
    pub(super) fn depart_if_asked(&mut self, id: Id) {
        let thread = &self.state.threads[id];
        if thread.travel.next().is_none() {
            return;
        }
        if matches!(thread.phase, Phase::Asking(_)) && thread.transfer.is_none() {
            let _ = self.settle(id, Reason::Behind);
        }
        let thread = &mut self.state.threads[id];
        let engaged = match thread.phase {
            _ if thread.transfer.is_some() => Engaged::Transfer,
            Phase::Sending(_) => Engaged::Sending,
            Phase::Asking(_) | Phase::Controlling(_) | Phase::Dying | Phase::Dead => Engaged::Lent,
            _ => Engaged::Nothing,
        };
        match (self.model.rules).departure(thread.travel, self.cpu, engaged) {
            Departure::Later => {}
            Departure::Never => thread.travel = Travel::default(),
            Departure::Now(there) => {
                if let Phase::Sending(ask) = thread.phase {
                    self.leave_queue(id, ask.to);
                }
                self.leave(id, there);
            }
        }
    }

    fn leave(&mut self, id: Id, there: Cpu) {
        let thread = &mut self.state.threads[id];
        thread.travel = thread.travel.left(there);
        thread.home.leaving_for = Some(there);
        if self.model.rules.lacks(Fault::PublishedOnDeparture) {
            thread.home = Home {
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
        let round = thread.word.round();
        let node = Node {
            kind: Kind::Arrive,
            ask: self.message(id, (id, 0), None),
            round,
            own_post: false,
        };
        self.push(there, node);
        for queued in queue {
            self.send_on(queued, there);
        }
    }

    /// The thread at which `queued` waited has gone to CPU `there`.
    fn send_on(&mut self, queued: Queued, there: Cpu) {
        match queued {
            Queued::Neighbour(ask) => self.request(ask, there),
            Queued::Outside(node) if self.dequeue(node) => self.push(there, node),
            Queued::Outside(_) => {}
        }
    }

    /// The sender of `ask`, who is blocked and in no queue, begins again when it runs; a visitor goes home for that.
    pub(super) fn restart(&mut self, ask: Ask) {
        self.own(ask.from);
        self.state.threads[ask.from].phase = Phase::Again(ask);
        self.depart_if_asked(ask.from);
    }

    /// `id` has arrived.
    pub(super) fn arrive(&mut self, id: Id) {
        let thread = &mut self.state.threads[id];
        thread.home = Home {
            cpu: self.cpu,
            leaving_for: None,
        };
        match thread.phase {
            Phase::Sending(ask) => self.arrive_sending(ask),
            Phase::Waiting(_) if !self.model.rules.lacks(Fault::OrphanInTransit) => {
                self.release_one(id);
            }
            _ => {}
        }
    }

    /// The sender of `ask` has arrived in its send phase: as a visitor, or because it was moved while it was queued.
    fn arrive_sending(&mut self, ask: Ask) {
        let thread = &mut self.state.threads[ask.from];
        thread.travel = self.model.rules.arrived(thread.travel);
        if thread.travel.away_from().is_some() {
            self.model.reached.note(reached::VISITED);
        }
        let runs_after = ask.what == What::Long && self.model.rules.lacks(Fault::RunsAfter);
        match self.meet_here(ask) {
            Some(there) if runs_after => self.go_on(ask, there),
            // The partner may be a visitor that looks for this one.
            Some(there) => self.request(ask, there),
            None => {}
        }
    }

    /// The partner waits for the message of `ask`, whose sender asked from here.
    pub(super) fn invited(&mut self, ask: Ask) {
        self.state.threads[ask.from].phase = Phase::Sending(ask);
        if let Some(there) = self.meet_here(ask) {
            self.go_on(ask, there);
        }
    }

    fn go_on(&mut self, ask: Ask, there: Cpu) {
        let thread = &mut self.state.threads[ask.from];
        thread.travel = thread.travel.visit(self.cpu, there);
        self.depart_if_asked(ask.from);
    }

    /// The sender of `ask`, in its send phase and in no queue, meets its partner, if that is here; else returns where that is.
    fn meet_here(&mut self, ask: Ask) -> Option<Cpu> {
        if !self.names_somebody(ask) {
            self.report(ask.from, Outcome::NonExisting);
            return None;
        }
        let home = self.state.threads[ask.to].home;
        match self.model.rules.route(self.cpu, home) {
            Route::Forward(there) => return Some(there),
            Route::Here => self.own(ask.to),
        }
        let visits = self.state.threads[ask.from].travel.away_from().is_some();
        match self.decide(Word::default(), ask) {
            Serve::Deliver if visits && ask.what == What::Long => self.lock(ask, ask.to),
            Serve::Deliver => self.restart(ask),
            Serve::Queue => self.queue_up(ask),
            Serve::Answer(Answer::Refused(Refusal::NotReady)) => {
                self.report(ask.from, Outcome::Timeout);
            }
            Serve::Answer(_) => self.report(ask.from, Outcome::NonExisting),
            Serve::Settle => self.state.broken = Some("a settled partner is not settled"),
        }
        None
    }
}
