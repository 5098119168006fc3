//! The configurations that are explored to the last state.

mod ids;
mod messages;
mod moves;
mod visits;

use super::explore::Conversation;
use super::properties::ALL;
use super::rules::Fault;
use super::setup::Event::{Abort, Kill, Make, Move, Timeout};
use super::setup::{ABSENT, Setup, Then, asks, sends, serves};
use super::state::{P, R, S, State, What};
use pecan_smp::cpuset::Cpu;
use stateright::{Checker, Model};
use std::collections::HashMap;

pub(super) const ZERO: Cpu = Cpu(0);
pub(super) const ONE: Cpu = Cpu(1);
pub(super) const TWO: Cpu = Cpu(2);

/// Two patient sends to a receiver that takes everything and moves away and back.
pub(super) const SEND: Setup = Setup {
    threads: [
        asks(0, R, What::Message, Then::Nothing, 2),
        serves(1, 3),
        ABSENT,
        sends(1, R),
    ],
    silent: true,
    pager: P,
    events: &[
        Timeout(S),
        Abort(S),
        Kill(S),
        Kill(R),
        Make(R, ONE),
        Move(R, TWO),
        Move(R, ONE),
    ],
};

/// Two calls with an open receive phase, while a neighbour sends to the caller.
pub(super) const CALL: Setup = Setup {
    threads: [
        asks(0, R, What::Message, Then::Any, 2),
        serves(1, 3),
        sends(0, S),
        sends(1, R),
    ],
    events: &[
        Timeout(S),
        Abort(S),
        Kill(S),
        Kill(R),
        Move(R, TWO),
        Move(R, ONE),
    ],
    ..SEND
};

/// As [`CALL`], but one call.
pub(super) const CALL_ONCE: Setup = Setup {
    threads: [
        asks(0, R, What::Message, Then::Any, 1),
        serves(1, 3),
        sends(0, S),
        sends(1, R),
    ],
    ..CALL
};

/// Explores everything; `expected` is what must have been reached.
fn holds(name: &str, setup: Setup, expected: u16) {
    let started = std::time::Instant::now();
    let checker = Conversation::new(setup, None)
        .checker()
        .threads(2)
        .spawn_bfs()
        .join();
    println!(
        "{name}: {} states, depth {}, {:.1?}",
        checker.unique_state_count(),
        checker.max_depth(),
        started.elapsed()
    );
    for property in ALL {
        if let Some(path) = checker.discovery(property) {
            panic!(
                "{name}: not so: {property}\n{path}\n{:#?}",
                path.last_state()
            );
        }
    }
    let missed = expected & !checker.model().reached.all();
    assert_eq!(missed, 0, "{name}: never reached");
}

/// No run goes on for ever: the graph of states has no cycle.
fn ends(name: &str, setup: Setup) {
    ends_lacking(None, name, setup);
}

/// As [`ends`], with a rule broken.
pub(super) fn ends_lacking(fault: Option<Fault>, name: &str, setup: Setup) {
    let model = Conversation::new(setup, fault);
    let mut on_path: HashMap<State, bool> = HashMap::new();
    let mut path: Vec<(State, Vec<State>)> = Vec::new();
    let mut enter = model.init_states();
    loop {
        while let Some(state) = enter.pop() {
            match on_path.get(&state) {
                Some(true) => panic!("{name}: a run that comes back to {state:#?}"),
                Some(false) => {}
                None => {
                    on_path.insert(state.clone(), true);
                    let next = model.next_states(&state);
                    path.push((state, std::mem::replace(&mut enter, next)));
                }
            }
        }
        let Some((state, siblings)) = path.pop() else {
            break;
        };
        on_path.insert(state, false);
        enter = siblings;
    }
    println!("{name}: {} states without a cycle", on_path.len());
}
