//! The model as stateright sees it: initial state, actions, properties.

use super::handle::Step;
use super::properties::{self, Reached};
use super::rules::{Fault, Rules};
use super::setup::{Event, Role, Setup};
use super::state::{Id, Phase, Processor, State, Thread};
use pecan_smp::cpuset::Cpu;
use pecan_smp::protocol::Home;
use pecan_smp::request::Word;
use pecan_smp::travel::Travel;
use stateright::{Model, Property};

/// What happens next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    /// A thread does its next step.
    Run(Id),
    /// A CPU takes the next node from its mailbox.
    Take(Cpu),
    /// A CPU does the second half of what it began.
    Finish(Cpu),
    /// A CPU looks for threads that wait for one that has ended.
    Look(Cpu),
    /// The event with this place in the configuration.
    Event(usize, Event),
    /// The surroundings do nothing any more.
    Calm,
}

/// The model: a configuration, with the rules as they are or with one broken.
pub(super) struct Conversation {
    pub(super) setup: Setup,
    pub(super) rules: Rules,
    pub(super) reached: Reached,
}

impl Conversation {
    pub(super) fn new(setup: Setup, fault: Option<Fault>) -> Self {
        Self {
            setup,
            rules: Rules(fault),
            reached: Reached::default(),
        }
    }

    /// The thread `id` when it is made on `cpu`.
    pub(super) fn fresh(&self, id: Id, cpu: Cpu) -> Thread {
        let (phase, left) = match self.setup.threads[id].1 {
            Role::Absent => (Phase::Dead, 0),
            Role::Asks(_, times) => (Phase::Ready, times),
            Role::Serves(messages) => (Phase::Ready, messages),
        };
        Thread {
            home: Home {
                cpu,
                leaving_for: None,
            },
            travel: Travel::default(),
            belongs: cpu,
            version: 0,
            phase,
            word: Word::default(),
            queue: Vec::new(),
            transfer: None,
            broken: false,
            inside: false,
            owes: None,
            left,
            delivered: 0,
        }
    }

    fn may_run(&self, state: &State, id: Id) -> bool {
        let thread = &state.threads[id];
        let travel = thread.travel;
        let sets_out = travel.next().is_some() && travel.away_from() == Some(thread.home.cpu);
        let runs = match thread.phase {
            Phase::Ready
            | Phase::Again(_)
            | Phase::Receive(_)
            | Phase::Copying
            | Phase::Faulting
            | Phase::Served(_) => true,
            Phase::Sending(_) => sets_out,
            _ => false,
        };
        let own_post = state.cpus[thread.home.cpu.index()]
            .mailbox
            .iter()
            .any(|node| node.own_post);
        let held_back = own_post && !self.rules.lacks(Fault::OwnPostWaits);
        runs && state.is_at_rest(id) && !held_back
    }

    fn may_happen(&self, state: &State, place: usize, event: Event) -> bool {
        let id = event.whom();
        let thread = &state.threads[id];
        let copies = thread.phase == Phase::Copying && thread.transfer.is_some();
        let earlier_move_left = |(before, other): (usize, &Event)| {
            matches!(other, Event::Move(whom, _) if *whom == id) && state.left & 1 << before != 0
        };
        let suits = match event {
            Event::Make(..) => {
                thread.phase == Phase::Dead
                    || self.rules.lacks(Fault::MadeWhileDying) && thread.phase == Phase::Dying
            }
            Event::Fault(_) | Event::PartnersFault(_) => copies,
            Event::Move(..) => {
                let earlier = self.setup.events.iter().enumerate().take(place);
                thread.is_alive() && !earlier.into_iter().any(earlier_move_left)
            }
            Event::Timeout(_) | Event::Abort(_) | Event::Kill(_) => thread.is_alive(),
        };
        suits
            && match event {
                Event::Make(_, cpu) => state.cpus[cpu.index()].half.is_none(),
                _ => state.is_at_rest(id),
            }
    }

    fn happen(step: &mut Step<'_>, event: Event) {
        match event {
            Event::Timeout(id) => step.time_out(id),
            Event::Abort(id) => step.abort(id),
            Event::Kill(id) => step.kill(id),
            Event::Make(id, cpu) => step.make(id, cpu),
            Event::Move(id, there) => step.move_to(id, there),
            Event::Fault(id) => step.own_fault(id),
            Event::PartnersFault(id) => step.partners_fault(id),
        }
    }
}

impl Model for Conversation {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State {
            threads: std::array::from_fn(|id| self.fresh(id, self.setup.threads[id].0)),
            cpus: std::array::from_fn(|_| Processor::default()),
            left: (1 << self.setup.events.len()) - 1,
            broken: None,
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        if state.broken.is_some() {
            return;
        }
        for (cpu, processor) in (0..).map(Cpu).zip(&state.cpus) {
            if processor.half.is_some() {
                actions.push(Action::Finish(cpu));
                continue;
            }
            if !processor.mailbox.is_empty() {
                actions.push(Action::Take(cpu));
            }
            if processor.orphans {
                actions.push(Action::Look(cpu));
            }
        }
        let runs = (0..state.threads.len()).filter(|id| self.may_run(state, *id));
        actions.extend(runs.map(Action::Run));
        for (place, event) in self.setup.events.iter().enumerate() {
            if state.left & 1 << place != 0 && self.may_happen(state, place, *event) {
                actions.push(Action::Event(place, *event));
            }
        }
        if state.left != 0 {
            actions.push(Action::Calm);
        }
    }

    fn next_state(&self, state: &State, action: Action) -> Option<State> {
        let mut next = state.clone();
        let cpu = match action {
            Action::Take(cpu) | Action::Finish(cpu) | Action::Look(cpu) => cpu,
            Action::Event(_, Event::Make(_, cpu)) => cpu,
            Action::Run(id) => state.threads[id].home.cpu,
            Action::Event(_, event) => state.threads[event.whom()].home.cpu,
            Action::Calm => {
                next.left = 0;
                return Some(next);
            }
        };
        let mut step = Step {
            state: &mut next,
            model: self,
            cpu,
        };
        match action {
            Action::Run(id) => step.run(id),
            Action::Take(_) => step.take(),
            Action::Finish(_) => step.finish(),
            Action::Look(_) => step.look(),
            Action::Event(place, event) => {
                Self::happen(&mut step, event);
                next.left &= !(1 << place);
            }
            Action::Calm => {}
        }
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        properties::all()
    }
}
