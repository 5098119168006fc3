//! The model as stateright sees it: initial state, actions, properties.

use super::handle::Step;
use super::properties::{self, Reached};
use super::rules::{Fault, Rules};
use super::state::{Events, Id, NEAR_R, NEAR_S, Phase, Processor, R, S, State, Thread, Wait};
use pecan_smp::cpuset::Cpu;
use pecan_smp::protocol::Home;
use pecan_smp::request::Word;
use stateright::{Model, Property};

/// What S does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Story {
    /// Sends to R.
    Send,
    /// Sends to R and waits for a message.
    Call(Wait),
    /// Deletes R, and R deletes S.
    DeleteEachOther,
}

/// One configuration of the model.
#[derive(Clone, Copy, Debug)]
pub(super) struct Setup {
    pub(super) story: Story,
    /// How often S does it, once its last request has ended.
    pub(super) asks: u8,
    /// Whether S waits in R's queue if it must.
    pub(super) patient: bool,
    /// Whether receive phases never time out, so that their requests may end silently.
    pub(super) silent: bool,
    /// How many messages R receives.
    pub(super) appetite: u8,
    pub(super) near_s: bool,
    pub(super) near_r: bool,
    /// Where R is moved, one after the other.
    pub(super) moves: &'static [Cpu],
    pub(super) events: Events,
}

/// What happens next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    /// A thread does its next step.
    Run(Id),
    /// A CPU takes the next node from its mailbox.
    Take(Cpu),
    /// A CPU does the second half of what it began.
    Finish(Cpu),
    Timeout,
    Abort,
    KillS,
    KillR,
    ReviveR,
    Move(Cpu),
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

    fn thread(&self, id: Id) -> Thread {
        let takes_part = match id {
            NEAR_S => self.setup.near_s,
            NEAR_R => self.setup.near_r,
            _ => true,
        };
        Thread {
            home: Home {
                cpu: Cpu(u16::from(id == R || id == NEAR_R)),
                leaving_for: None,
            },
            version: 0,
            phase: if takes_part {
                Phase::Ready
            } else {
                Phase::Dead
            },
            word: Word::default(),
            queue: Vec::new(),
            owes: None,
            move_at_end: None,
            asks: if id == S { self.setup.asks } else { 1 },
            delivered: 0,
            appetite: if id == R { self.setup.appetite } else { 0 },
        }
    }

    /// No event is left.
    fn calm(&self) -> Events {
        Events {
            moves: self.setup.moves.len(),
            ..Events::default()
        }
    }

    fn events(&self, state: &State, actions: &mut Vec<Action>) {
        let left = state.left;
        let interruptible = |id: Id| !matches!(state.threads[id].phase, Phase::Dying | Phase::Dead);
        let may = [
            (left.timeout && interruptible(S), S, Action::Timeout),
            (left.abort && interruptible(S), S, Action::Abort),
            (left.kill_s && interruptible(S), S, Action::KillS),
            (left.kill_r && interruptible(R), R, Action::KillR),
            (
                left.revive_r && state.threads[R].phase == Phase::Dead,
                R,
                Action::ReviveR,
            ),
        ];
        actions.extend(
            may.iter()
                .filter(|(may, id, _)| *may && state.is_at_rest(*id))
                .map(|event| event.2),
        );
        if let Some(there) = self.setup.moves.get(left.moves)
            && interruptible(R)
            && state.is_at_rest(R)
            && state.threads[R].move_at_end.is_none()
        {
            actions.push(Action::Move(*there));
        }
        if left != self.calm() {
            actions.push(Action::Calm);
        }
    }
}

impl Model for Conversation {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State {
            threads: std::array::from_fn(|id| self.thread(id)),
            cpus: std::array::from_fn(|_| Processor::default()),
            left: self.setup.events,
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
            } else if !processor.mailbox.is_empty() {
                actions.push(Action::Take(cpu));
            }
        }
        let ready = |id: &Id| {
            let thread = &state.threads[*id];
            let own_post = state.cpus[thread.home.cpu.index()]
                .mailbox
                .iter()
                .any(|node| node.own_post);
            let held_back = own_post && !self.rules.lacks(Fault::OwnPostWaits);
            thread.phase == Phase::Ready && state.is_at_rest(*id) && !held_back
        };
        actions.extend((0..state.threads.len()).filter(ready).map(Action::Run));
        self.events(state, actions);
    }

    fn next_state(&self, state: &State, action: Action) -> Option<State> {
        let mut next = state.clone();
        if action == Action::Calm {
            next.left = self.calm();
            return Some(next);
        }
        let at_home = |id: Id| state.threads[id].home.cpu;
        let cpu = match action {
            Action::Take(cpu) | Action::Finish(cpu) => cpu,
            Action::Run(id) => at_home(id),
            Action::Timeout | Action::Abort | Action::KillS => at_home(S),
            Action::KillR | Action::ReviveR | Action::Move(_) | Action::Calm => at_home(R),
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
            Action::Timeout => step.timeout(S),
            Action::Abort => step.abort(S),
            Action::KillS => step.kill(S),
            Action::KillR => step.kill(R),
            Action::ReviveR => step.revive(R),
            Action::Move(there) => step.move_to(R, there),
            Action::Calm => {}
        }
        let left = &mut next.left;
        match action {
            Action::Timeout => left.timeout = false,
            Action::Abort => left.abort = false,
            Action::KillS => left.kill_s = false,
            Action::KillR => left.kill_r = false,
            Action::ReviveR => left.revive_r = false,
            Action::Move(_) => left.moves += 1,
            Action::Run(_) | Action::Take(_) | Action::Finish(_) | Action::Calm => {}
        }
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        properties::all()
    }
}

impl State {
    /// Whether `id` lives somewhere whose CPU could now do something to it.
    fn is_at_rest(&self, id: Id) -> bool {
        let home = self.threads[id].home;
        home.leaving_for.is_none() && self.cpus[home.cpu.index()].half.is_none()
    }
}
