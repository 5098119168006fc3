//! What a CPU does with a node: the counterpart of the kernel's remote IPC.

use super::explore::Conversation;
use super::properties::reached;
use super::rules::Fault;
use super::state::{Ask, Half, Id, Node, Phase, Queued, State, What};
use pecan_smp::cpuset::Cpu;
use pecan_smp::protocol::{Answer, Ended, Kind, Outcome, Receiver, Refusal, Route, Serve};
use pecan_smp::request::{Demand, Reason, Word};

/// One step of one CPU.
pub(super) struct Step<'a> {
    pub(super) state: &'a mut State,
    pub(super) model: &'a Conversation,
    pub(super) cpu: Cpu,
}

impl Step<'_> {
    /// Notes that this CPU uses thread `id`, which must live here.
    pub(super) fn own(&mut self, id: Id) {
        let home = self.state.threads[id].home;
        let arriving = |node: &Node| node.kind == Kind::Arrive && node.ask.from == id;
        let in_transit = self
            .state
            .cpus
            .iter()
            .any(|cpu| cpu.mailbox.iter().any(arriving));
        if home.cpu != self.cpu || home.leaving_for.is_some() || in_transit {
            self.state.broken = Some("a CPU touched a thread that it does not own");
        }
    }

    pub(super) fn push(&mut self, cpu: Cpu, node: Node) {
        self.state.cpus[cpu.index()].mailbox.push(Node {
            own_post: cpu == self.cpu,
            ..node
        });
    }

    /// Sends the request node home.
    pub(super) fn answer(&mut self, node: Node, answer: Answer) {
        let home = self.state.threads[node.ask.from].home.cpu;
        self.push(
            home,
            Node {
                kind: Kind::Answer(answer),
                ..node
            },
        );
    }

    /// Keeps the second half of this step for the next one of this CPU.
    pub(super) fn then(&mut self, half: Half) {
        let slot = &mut self.state.cpus[self.cpu.index()].half;
        if slot.replace(half).is_some() {
            self.state.broken = Some("the model has two second halves");
        }
    }

    pub(super) fn take(&mut self) {
        let node = Node {
            own_post: false,
            ..self.state.cpus[self.cpu.index()].mailbox.remove(0)
        };
        if node.round != self.state.threads[node.ask.from].word.round() {
            self.state.broken = Some("a message met the word of another request");
        }
        match node.kind {
            Kind::Request => self.serve(node),
            Kind::Control => self.control(node),
            Kind::Answer(answer) => self.answered(node, answer),
            Kind::Cancel => self.cancel(node),
            Kind::Arrive => self.arrive(node.ask.from),
        }
    }

    /// True if the partner of `node` lives here; else the node was forwarded.
    fn is_mine(&mut self, node: Node) -> bool {
        let home = self.state.threads[node.ask.to].home;
        match self.model.rules.route(self.cpu, home) {
            Route::Here => {
                self.own(node.ask.to);
                true
            }
            Route::Forward(cpu) => {
                self.model.reached.note(reached::FORWARDED);
                self.push(cpu, node);
                false
            }
        }
    }

    fn serve(&mut self, node: Node) {
        let word = self.state.threads[node.ask.from].word;
        if !self.names_somebody(node.ask) {
            let decision = self.model.rules.serve(word, Receiver::Gone, true);
            return match decision {
                Serve::Answer(answer) => self.answer(node, answer),
                _ => self.state.broken = Some("nobody took a message"),
            };
        }
        if !self.is_mine(node) {
            return;
        }
        let decision = self.decide(word, node.ask);
        match self.across(decision, node.ask) {
            Serve::Deliver => {
                self.deliver(node.ask);
                self.then(Half::Conclude(node));
            }
            Serve::Queue => self.then(Half::Enqueue(node)),
            Serve::Answer(answer) => {
                if answer == Answer::Cancelled {
                    self.model.reached.note(reached::CANCELLED_IN_FLIGHT);
                }
                self.answer(node, answer);
            }
            Serve::Settle => self.state.broken = Some("a settled partner is not settled"),
        }
    }

    fn control(&mut self, node: Node) {
        if !self.names_somebody(node.ask) {
            return self.answer(node, Answer::Refused(Refusal::NonExisting));
        }
        if !self.is_mine(node) {
            return;
        }
        if self.receiver(node.ask) == Receiver::Gone {
            return self.answer(node, Answer::Refused(Refusal::NonExisting));
        }
        self.execute(node.ask);
        let held = self.state.threads[node.ask.to].phase == Phase::Dying
            && self.model.rules.lacks(Fault::ControlHeld);
        if !held {
            self.answer(node, Answer::Done);
        }
    }

    /// Carries out a control request on its target, which lives here.
    pub(super) fn execute(&mut self, ask: Ask) {
        self.state.threads[ask.from].delivered += 1;
        match ask.what {
            What::Delete => self.kill(ask.to),
            What::Move(there) => self.move_to(ask.to, there),
            What::Message | What::Long => {}
        }
    }

    fn answered(&mut self, node: Node, answer: Answer) {
        let from = node.ask.from;
        self.own(from);
        let thread = &mut self.state.threads[from];
        let receives = node.ask.then.is_some();
        let ended = match (thread.phase, answer) {
            (Phase::Asking(_), _) if !thread.word.is_delivered() => {
                self.model.rules.ended(thread.word, answer, receives)
            }
            (Phase::Controlling(_), Answer::Done) => Ended::Report(Outcome::Success),
            (Phase::Controlling(_), _) => Ended::Report(Outcome::NonExisting),
            (Phase::Dying, _) => Ended::Delete,
            _ => {
                self.state.broken = Some("an answer that nobody waits for");
                return;
            }
        };
        match ended {
            Ended::Delete => {
                self.model.reached.note(reached::DIED_LATE);
                self.bury(from);
            }
            Ended::Receive => self.sent(node.ask),
            Ended::Visit => self.invited(node.ask),
            Ended::Report(outcome) => self.report(from, outcome),
        }
    }

    fn cancel(&mut self, node: Node) {
        if self.state.threads[node.ask.from].word.queued_on() != Some(self.cpu) {
            self.state.broken = Some("a cancel node found nothing");
        }
        let linked = |queued: &Queued| matches!(queued, Queued::Outside(other) if other.ask.from == node.ask.from);
        if let Some(position) = self.state.threads[node.ask.to]
            .queue
            .iter()
            .position(linked)
        {
            self.own(node.ask.to);
            self.state.threads[node.ask.to].queue.remove(position);
        } else {
            self.model.reached.note(reached::LEFT_TO_CANCEL);
        }
        self.answer(node, Answer::Cancelled);
    }

    /// Second halves.
    pub(super) fn finish(&mut self) {
        match self.state.cpus[self.cpu.index()].half.take() {
            Some(Half::Recall(cpu, node)) => {
                self.model.reached.note(reached::RECALLED);
                self.push(cpu, node);
            }
            Some(Half::Conclude(node)) => self.conclude(node),
            Some(Half::Enqueue(node)) => self.enqueue(node),
            None => {}
        }
    }

    fn conclude(&mut self, node: Node) {
        if node.ask.what == What::Long {
            self.state.broken = Some("a long message went between two CPUs");
        }
        let word = &mut self.state.threads[node.ask.from].word;
        if node.ask.silent {
            if let Some(delivered) = word.delivered_silently() {
                *word = delivered;
                return self.model.reached.note(reached::SILENT);
            }
            self.model.reached.note(reached::LOUD_AFTER_DEMAND);
            if self.model.rules.lacks(Fault::AlwaysSilent) {
                return;
            }
        }
        self.answer(node, Answer::Done);
    }

    fn enqueue(&mut self, node: Node) {
        let word = &mut self.state.threads[node.ask.from].word;
        match self.model.rules.enqueued(*word, self.cpu) {
            Some(queued) => {
                *word = queued;
                self.own(node.ask.to);
                self.state.threads[node.ask.to]
                    .queue
                    .push(Queued::Outside(node));
            }
            None => self.answer(node, Answer::Cancelled),
        }
    }

    /// Takes `node` from a queue; false if it is left to its cancel node.
    pub(super) fn dequeue(&mut self, node: Node) -> bool {
        let word = &mut self.state.threads[node.ask.from].word;
        if let Some(free) = word.dequeued() {
            *word = free;
            return true;
        }
        if self.model.rules.lacks(Fault::TwoAnswers) {
            self.answer(node, Answer::Cancelled);
        }
        self.model.rules.lacks(Fault::NoCancelFlag)
    }

    /// What becomes of a decision about `ask`, which has come from another CPU.
    pub(super) fn across(&self, decision: Serve, ask: Ask) -> Serve {
        let takes_long = ask.what == What::Long;
        let decision = self.model.rules.across(decision, takes_long);
        if decision == Serve::Answer(Answer::Come) {
            self.model.reached.note(reached::INVITED);
        }
        decision
    }

    /// What `ask` makes of its partner, in the end.
    pub(super) fn decide(&mut self, word: Word, ask: Ask) -> Serve {
        let receiver = self.receiver(ask);
        match self.model.rules.serve(word, receiver, ask.patient) {
            Serve::Settle => {
                self.model.reached.note(reached::SETTLED);
                let demand = self.settle(ask.to, Reason::Behind);
                let accepts = matches!(self.state.threads[ask.to].phase, Phase::Waiting(wait) if wait.accepts(ask));
                let settled = Receiver::settled(demand, accepts);
                self.model.rules.serve(word, settled, ask.patient)
            }
            decision => decision,
        }
    }

    /// Demands that the request of `id` end with an answer; recalls it if it is queued and not wanted any more. If it has
    /// ended silently, `id` waits now.
    pub(super) fn settle(&mut self, id: Id, reason: Reason) -> Demand {
        let thread = &mut self.state.threads[id];
        let Phase::Asking(ask) = thread.phase else {
            self.state.broken = Some("a demand on a request that is not out");
            return Demand::Outstanding;
        };
        let (word, demand) = self.model.rules.demanded(thread.word, reason);
        thread.word = word;
        match (demand, ask.then) {
            (Demand::Delivered, Some(wait)) => thread.phase = Phase::Waiting(wait),
            (Demand::Recall(cpu), _) => {
                let node = Node {
                    kind: Kind::Cancel,
                    ask,
                    round: word.round(),
                    own_post: false,
                };
                self.then(Half::Recall(cpu, node));
            }
            _ => {}
        }
        demand
    }
}
