//! Models with one rule broken: the checker must find a counterexample.

use super::explore::{Conversation, Setup, Story};
use super::properties::{KEPT, NOBODY_STUCK, ONE_PLACE, TRUTH};
use super::rules::Fault;
use super::state::{Events, R, Wait};
use super::tests::{ALL_EVENTS, CALL, SEND};
use pecan_smp::cpuset::Cpu;
use stateright::{Checker, HasDiscoveries, Model};

const NO_EVENTS: Events = Events {
    timeout: false,
    abort: false,
    kill_s: false,
    kill_r: false,
    revive_r: false,
    moves: 0,
};
const TIMEOUT: Events = Events {
    timeout: true,
    ..NO_EVENTS
};
const TIMEOUT_AND_ABORT: Events = Events {
    abort: true,
    ..TIMEOUT
};
const KILL_S: Events = Events {
    kill_s: true,
    ..NO_EVENTS
};
const KILL_R: Events = Events {
    kill_r: true,
    ..NO_EVENTS
};
const REVIVE_R: Events = Events {
    revive_r: true,
    ..KILL_R
};

/// One send to a thread that receives nothing and stays.
const UNHEARD: Setup = Setup {
    asks: 1,
    appetite: 0,
    near_r: false,
    moves: &[],
    events: NO_EVENTS,
    ..SEND
};
/// One send to a thread that receives it and stays.
const HEARD: Setup = Setup {
    appetite: 1,
    ..UNHEARD
};
/// One call with a closed receive phase.
const CLOSED_CALL: Setup = Setup {
    story: Story::Call(Wait::From(R)),
    ..HEARD
};

/// Explores until the property `expected` fails; with `setup` as it is, and no fault, it holds.
fn fails(fault: Fault, setup: Setup, expected: &'static str) {
    let check = |fault| {
        let checker = Conversation::new(setup, fault).checker();
        checker
            .finish_when(HasDiscoveries::AnyFailures)
            .spawn_bfs()
            .join()
    };
    assert!(
        check(None).discoveries().is_empty(),
        "the setup fails without {fault:?}"
    );
    let checker = check(Some(fault));
    println!(
        "{fault:?}: caught after {} states",
        checker.unique_state_count()
    );
    let path = checker.discovery(expected).unwrap_or_else(|| {
        panic!(
            "{fault:?} was not caught so, but by {:?}",
            checker.discoveries().keys()
        )
    });
    assert!(
        path.into_states().len() > 1,
        "{fault:?}: the first state is wrong already"
    );
}

#[test]
fn no_cancel_flag() {
    fails(
        Fault::NoCancelFlag,
        Setup {
            events: TIMEOUT,
            ..UNHEARD
        },
        NOBODY_STUCK,
    );
}

#[test]
fn two_answers_to_a_recall() {
    fails(
        Fault::TwoAnswers,
        Setup {
            events: TIMEOUT,
            ..HEARD
        },
        ONE_PLACE,
    );
}

#[test]
fn cancel_node_reused() {
    fails(
        Fault::CancelNodeReused,
        Setup {
            events: TIMEOUT_AND_ABORT,
            ..UNHEARD
        },
        ONE_PLACE,
    );
}

#[test]
fn freed_on_kill() {
    fails(
        Fault::FreedOnKill,
        Setup {
            events: KILL_S,
            ..HEARD
        },
        ONE_PLACE,
    );
}

#[test]
fn resumed_early() {
    fails(
        Fault::ResumedEarly,
        Setup {
            events: TIMEOUT,
            ..HEARD
        },
        ONE_PLACE,
    );
}

#[test]
fn senders_not_flushed_at_death() {
    fails(
        Fault::NotFlushed,
        Setup {
            events: KILL_R,
            ..UNHEARD
        },
        NOBODY_STUCK,
    );
}

#[test]
fn senders_left_behind_by_a_move() {
    fails(
        Fault::QueueLeftBehind,
        Setup {
            moves: &[Cpu(2)],
            events: TIMEOUT,
            ..UNHEARD
        },
        KEPT,
    );
}

#[test]
fn no_forwarding() {
    fails(
        Fault::NoForwarding,
        Setup {
            moves: &[Cpu(2)],
            ..HEARD
        },
        KEPT,
    );
}

#[test]
fn silent_although_demanded() {
    fails(
        Fault::AlwaysSilent,
        Setup {
            events: TIMEOUT,
            ..CLOSED_CALL
        },
        NOBODY_STUCK,
    );
}

#[test]
fn a_silent_request_is_never_settled() {
    fails(Fault::NeverSettles, CLOSED_CALL, NOBODY_STUCK);
}

#[test]
fn a_silent_request_is_taken_for_waiting() {
    fails(
        Fault::AssumesWaiting,
        Setup {
            story: Story::Call(Wait::Any),
            near_s: true,
            ..CLOSED_CALL
        },
        ONE_PLACE,
    );
}

#[test]
fn moved_with_a_request_out() {
    fails(
        Fault::MovesWhileAsking,
        Setup {
            moves: &[Cpu(2)],
            silent: false,
            ..CLOSED_CALL
        },
        ONE_PLACE,
    );
}

#[test]
fn home_published_on_departure() {
    fails(
        Fault::PublishedOnDeparture,
        Setup {
            moves: &[Cpu(0)],
            ..HEARD
        },
        KEPT,
    );
}

#[test]
fn silent_although_a_sender_is_queued() {
    let setup = Setup {
        appetite: 2,
        near_r: true,
        ..CLOSED_CALL
    };
    fails(Fault::SilentWithQueue, setup, NOBODY_STUCK);
}

#[test]
fn own_post_waits() {
    let joined = Setup {
        silent: false,
        moves: &[Cpu(0)],
        ..CLOSED_CALL
    };
    fails(Fault::OwnPostWaits, joined, NOBODY_STUCK);
}

#[test]
fn version_ignored() {
    fails(
        Fault::NoVersion,
        Setup {
            events: REVIVE_R,
            ..HEARD
        },
        KEPT,
    );
}

#[test]
fn deletion_answered_when_the_thread_is_gone() {
    let setup = Setup {
        story: Story::DeleteEachOther,
        ..UNHEARD
    };
    fails(Fault::ControlHeld, setup, NOBODY_STUCK);
}

/// The mutants together still fail where everything happens at once.
#[test]
fn the_full_setup_catches_them_too() {
    let everything = Setup {
        asks: 1,
        events: ALL_EVENTS,
        ..CALL
    };
    for fault in [
        Fault::TwoAnswers,
        Fault::FreedOnKill,
        Fault::NeverSettles,
        Fault::NoForwarding,
        Fault::NotFlushed,
    ] {
        let checker = Conversation::new(everything, Some(fault)).checker();
        let checker = checker
            .finish_when(HasDiscoveries::AnyFailures)
            .spawn_bfs()
            .join();
        assert!(
            !checker.discoveries().is_empty(),
            "{fault:?} was not caught"
        );
        assert!(
            [KEPT, ONE_PLACE, TRUTH, NOBODY_STUCK]
                .iter()
                .any(|property| checker.discovery(property).is_some())
        );
    }
}
