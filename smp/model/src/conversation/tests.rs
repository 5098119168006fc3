//! The configurations that are explored to the last state.

use super::explore::{Conversation, Setup, Story};
use super::properties::{KEPT, NOBODY_STUCK, ONE_PLACE, TRUTH, reached};
use super::state::{Events, R, State, Wait};
use pecan_smp::cpuset::Cpu;
use stateright::{Checker, Model};
use std::collections::HashMap;

/// Everything that the surroundings can do.
pub(super) const ALL_EVENTS: Events = Events {
    timeout: true,
    abort: true,
    kill_s: true,
    kill_r: true,
    revive_r: true,
    moves: 0,
};

/// Two patient sends to a receiver that takes everything and moves away and back.
pub(super) const SEND: Setup = Setup {
    story: Story::Send,
    asks: 2,
    patient: true,
    silent: true,
    appetite: 3,
    near_s: false,
    near_r: true,
    moves: &[Cpu(2), Cpu(1)],
    events: ALL_EVENTS,
};

/// Two calls with an open receive phase, while a neighbour sends to the caller.
pub(super) const CALL: Setup = Setup {
    story: Story::Call(Wait::Any),
    near_s: true,
    ..SEND
};

/// Explores everything; `expected` is what must have been reached.
fn holds(name: &str, setup: Setup, expected: u8) {
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
    for property in [KEPT, ONE_PLACE, TRUTH, NOBODY_STUCK] {
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

#[test]
fn send() {
    use reached::{CANCELLED_IN_FLIGHT, DIED_LATE, FORWARDED, LEFT_TO_CANCEL, RECALLED};
    let expected = FORWARDED | CANCELLED_IN_FLIGHT | DIED_LATE;
    holds("send", SEND, expected | RECALLED | LEFT_TO_CANCEL);
    holds(
        "send without waiting",
        Setup {
            patient: false,
            ..SEND
        },
        expected,
    );
}

#[test]
fn send_to_a_thread_that_does_not_receive() {
    let expected = reached::RECALLED | reached::LEFT_TO_CANCEL | reached::DIED_LATE;
    holds(
        "send to the busy",
        Setup {
            appetite: 0,
            ..SEND
        },
        expected,
    );
}

#[test]
fn send_to_a_thread_that_moves_to_the_sender() {
    holds(
        "send, joined",
        Setup {
            moves: &[Cpu(0), Cpu(2)],
            ..SEND
        },
        reached::FORWARDED,
    );
}

#[test]
fn call_that_ends_silently() {
    use reached::{FORWARDED, LOUD_AFTER_DEMAND, RECALLED, SETTLED, SILENT};
    let expected = SILENT | LOUD_AFTER_DEMAND | SETTLED | RECALLED | FORWARDED;
    holds(
        "call, open",
        Setup {
            moves: &[Cpu(2), Cpu(1), Cpu(0)],
            ..CALL
        },
        expected,
    );
    let closed = Setup {
        story: Story::Call(Wait::From(R)),
        ..CALL
    };
    holds("call, closed", closed, expected);
    holds(
        "call without waiting",
        Setup {
            patient: false,
            ..CALL
        },
        expected & !RECALLED | SILENT,
    );
}

#[test]
fn call_that_is_answered() {
    holds(
        "call, loud",
        Setup {
            silent: false,
            ..CALL
        },
        reached::RECALLED | reached::FORWARDED,
    );
}

#[test]
fn call_to_a_thread_that_moves_to_the_caller_and_away() {
    let setup = Setup {
        moves: &[Cpu(0), Cpu(2)],
        ..CALL
    };
    holds("call, joined", setup, reached::SILENT | reached::SETTLED);
}

#[test]
fn two_threads_delete_each_other() {
    let setup = Setup {
        story: Story::DeleteEachOther,
        near_s: true,
        asks: 1,
        ..SEND
    };
    holds(
        "delete each other",
        setup,
        reached::FORWARDED | reached::DIED_LATE,
    );
}

/// No run goes on for ever: the graph of states has no cycle.
#[test]
fn every_run_ends() {
    for setup in [
        Setup { asks: 1, ..SEND },
        Setup {
            asks: 1,
            near_r: false,
            ..CALL
        },
    ] {
        let model = Conversation::new(setup, None);
        let mut on_path: HashMap<State, bool> = HashMap::new();
        let mut path: Vec<(State, Vec<State>)> = Vec::new();
        let mut enter = model.init_states();
        loop {
            while let Some(state) = enter.pop() {
                match on_path.get(&state) {
                    Some(true) => panic!("a run that comes back to {state:#?}"),
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
        println!("without a cycle: {} states", on_path.len());
    }
}
