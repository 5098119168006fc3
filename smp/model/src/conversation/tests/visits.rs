//! Messages that may take long: the sender visits the receiver's CPU, and goes home, whatever happens meanwhile.

use super::super::properties::reached;
use super::super::setup::Event::{self, Abort, Fault, Kill, Make, Move, PartnersFault, Timeout};
use super::super::setup::{ABSENT, Part, Setup, Then, asks, sends, serves};
use super::super::state::{Id, P, R, S, What};
use super::{ONE, TWO, ZERO, ends, holds};

const fn visits(cpu: u16, then: Then) -> Part {
    asks(cpu, R, What::Long, then, 1)
}

const fn setup(threads: [Part; 4], events: &'static [Event]) -> Setup {
    Setup {
        threads,
        silent: true,
        pager: P,
        events,
    }
}

const COPIED: u16 = reached::VISITED | reached::COPIED;

#[test]
fn visit() {
    let [s, q] = [visits(0, Then::Nothing), sends(1, R)];
    let events = &[
        Timeout(S),
        Abort(S),
        Abort(R),
        Kill(S),
        Kill(R),
        Move(R, TWO),
    ];
    let expected = COPIED | reached::BROKEN_OFF;
    let taken = setup([s, serves(1, 2), ABSENT, q], events);
    holds("visit", taken, expected);
    ends("visit", taken);
    let busy = setup([s, serves(1, 0), ABSENT, q], events);
    holds("visit to the busy", busy, reached::VISITED);
}

/// The visitor calls, and is answered at home.
#[test]
fn visit_with_a_reply() {
    for (name, then) in [
        ("visit and reply, open", Then::Any),
        ("visit and reply, closed", Then::Partner),
    ] {
        let call = setup(
            [visits(0, then), serves(1, 2), sends(0, S), sends(1, R)],
            &[Timeout(S), Abort(S), Kill(R), Move(R, ZERO)],
        );
        holds(name, call, COPIED | reached::FORWARDED);
    }
}

/// A visitor is told to move: it goes there afterwards, or stays where it is.
#[test]
fn a_visitor_is_moved() {
    let threads = [
        visits(0, Then::Nothing),
        serves(1, 2),
        asks(2, S, What::Move(TWO), Then::Nothing, 1),
        sends(1, R),
    ];
    for (name, events) in [
        (
            "visitor moved on",
            &[Abort(S), Kill(S), Move(S, TWO), Move(S, ZERO)],
        ),
        (
            "visitor stays",
            &[Timeout(S), Abort(R), Move(S, ONE), Move(R, TWO)],
        ),
    ] {
        let moved = setup(threads, events);
        holds(name, moved, COPIED | reached::FORWARDED);
    }
}

/// The receiver moves away from its visitor, to the visitor's home, back again.
#[test]
fn the_visited_moves() {
    let moved = setup(
        [visits(0, Then::Partner), serves(1, 2), ABSENT, sends(1, R)],
        &[
            Move(R, ZERO),
            Move(R, TWO),
            Move(R, ONE),
            Move(S, TWO),
            Abort(S),
        ],
    );
    let expected = COPIED | reached::SETTLED | reached::INVITED;
    holds("visited moves", moved, expected);
    ends("visited moves", moved);
}

/// Visitors from two CPUs, and a neighbour with a long message.
#[test]
fn visitors_from_two_cpus() {
    let two = setup(
        [
            visits(0, Then::Nothing),
            serves(1, 3),
            visits(2, Then::Nothing),
            visits(1, Then::Nothing),
        ],
        &[Timeout(S), Abort(P), Kill(R), Move(R, ZERO)],
    );
    holds("two visitors", two, COPIED | reached::BROKEN_OFF);
}

/// The numbers of both are used again while a visit is under way.
#[test]
fn numbers_are_used_again_during_a_visit() {
    let again = setup(
        [
            visits(0, Then::Partner),
            serves(1, 1),
            asks(2, S, What::Delete, Then::Nothing, 1),
            ABSENT,
        ],
        &[Kill(S), Make(S, TWO), Kill(R), Make(R, ZERO), Move(R, TWO)],
    );
    holds("numbers again", again, COPIED | reached::BROKEN_OFF);
}

/// Pages are missing on either side, or on both; the pager of both is on each CPU in turn.
#[test]
fn faults_of_both_during_a_visit() {
    for (name, cpu) in [
        ("faults, pager at S", 0),
        ("faults, pager at R", 1),
        ("faults, pager on a third CPU", 2),
    ] {
        let threads = [
            visits(0, Then::Nothing),
            serves(1, 1),
            serves(cpu, 2),
            ABSENT,
        ];
        let expected = COPIED | reached::FAULTED | reached::BROKEN_OFF;
        let ended = setup(
            threads,
            &[
                Fault(R),
                PartnersFault(R),
                Timeout(S),
                Timeout(R),
                Abort(S),
                Kill(R),
            ],
        );
        holds(name, ended, expected);
        let moved = setup(
            threads,
            &[
                Fault(R),
                PartnersFault(R),
                Kill(S),
                Abort(R),
                Move(S, TWO),
                Move(R, ZERO),
            ],
        );
        holds(name, moved, expected);
    }
}

/// As before, and all that may happen to both may happen.
#[test]
fn everything_during_a_visit() {
    let threads = [visits(0, Then::Partner), serves(1, 2), serves(2, 2), ABSENT];
    let events = &[
        Fault(R),
        PartnersFault(R),
        Timeout(S),
        Timeout(R),
        Abort(S),
        Kill(S),
        Kill(R),
        Move(S, TWO),
        Move(R, ZERO),
    ];
    let everything = setup(threads, events);
    holds("everything", everything, COPIED | reached::FAULTED);
}

/// The pager moves, ends, or never answers.
#[test]
fn faults_that_nobody_serves() {
    for (name, pager) in [
        ("faults, pager ends", serves(2, 1)),
        ("faults, pager busy", serves(2, 0)),
        ("faults, pager busy at R", serves(1, 0)),
        ("faults, no pager", ABSENT),
    ] {
        let unserved = setup(
            [visits(0, Then::Partner), serves(1, 1), pager, ABSENT],
            &[
                Fault(R),
                PartnersFault(R),
                Kill(P),
                Timeout(R),
                Timeout(S),
                Move(R, TWO),
            ],
        );
        let expected = reached::FAULTED | reached::BROKEN_OFF;
        holds(name, unserved, expected);
    }
}

/// Each is the pager of the other, which it is locked with: only from outside comes an end, and then it comes for both.
#[test]
fn the_pager_is_the_partner() {
    let locked = |pager, events| Setup {
        pager,
        ..setup(
            [visits(0, Then::Nothing), serves(1, 1), ABSENT, sends(2, S)],
            events,
        )
    };
    let expected = reached::FAULTED | reached::BROKEN_OFF;
    holds(
        "pager is the sender",
        locked(
            S,
            &[
                Fault(R),
                Timeout(S),
                Abort(S),
                Abort(R),
                Kill(S),
                Kill(R),
                Move(S, TWO),
            ],
        ),
        expected,
    );
    holds(
        "pager is the receiver",
        locked(
            R,
            &[
                PartnersFault(R),
                Timeout(R),
                Abort(S),
                Abort(R),
                Kill(S),
                Kill(R),
                Move(R, TWO),
            ],
        ),
        expected,
    );
}

/// The sender is a neighbour, and copies if the receiver waits; it moves, and the pager does.
#[test]
fn faults_between_neighbours() {
    let setup = setup(
        [visits(1, Then::Nothing), serves(1, 1), serves(0, 2), ABSENT],
        &[
            Fault(S),
            PartnersFault(R),
            PartnersFault(S),
            Abort(R),
            Move(S, ZERO),
            Move(P, TWO),
            Move(R, ZERO),
        ],
    );
    holds(
        "neighbours",
        setup,
        reached::COPIED | reached::FAULTED | reached::BROKEN_OFF,
    );
    ends("neighbours", setup);
}

/// Each of two, or of three, has a long message for another one: nobody runs after anybody for ever.
#[test]
fn visitors_of_one_another_come_to_rest() {
    let long = |cpu, to: Id| asks(cpu, to, What::Long, Then::Nothing, 1);
    let events = &[Timeout(S), Abort(R), Kill(S), Move(R, TWO)];
    let two = setup([long(0, R), long(1, S), ABSENT, ABSENT], events);
    holds("visit each other", two, reached::VISITED);
    ends("visit each other", two);
    let three = setup([long(0, R), long(1, P), long(2, S), ABSENT], &[Timeout(S)]);
    holds("visit in a circle", three, reached::VISITED);
    ends("visit in a circle", three);
}
