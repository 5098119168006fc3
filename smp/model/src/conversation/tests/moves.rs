//! Moves: of the asker, of the partner, of both, by whom they are told to, and to where.

use super::super::properties::reached;
use super::super::setup::Event::{Abort, Kill, Move, Timeout};
use super::super::setup::{ABSENT, Setup, Then, asks, sends, serves};
use super::super::state::{P, R, S, What};
use super::{CALL, CALL_ONCE, ONE, SEND, TWO, ZERO, ends, holds};

#[test]
fn send_to_a_thread_that_moves_to_the_sender() {
    holds(
        "send, joined",
        Setup {
            events: &[
                Timeout(S),
                Abort(S),
                Kill(S),
                Kill(R),
                Move(R, ZERO),
                Move(R, TWO),
            ],
            ..SEND
        },
        reached::FORWARDED,
    );
}

#[test]
fn call_to_a_thread_that_moves_to_the_caller_and_away() {
    let setup = Setup {
        events: &[
            Timeout(S),
            Abort(S),
            Kill(S),
            Kill(R),
            Move(R, ZERO),
            Move(R, TWO),
        ],
        ..CALL_ONCE
    };
    holds("call, joined", setup, reached::SILENT | reached::SETTLED);
}

/// The sender moves away and back, or to the receiver, whatever its request is doing.
#[test]
fn the_sender_moves() {
    for (name, events) in [
        (
            "sender moves and returns",
            &[
                Timeout(S),
                Abort(S),
                Kill(S),
                Kill(R),
                Move(S, TWO),
                Move(S, ZERO),
            ],
        ),
        (
            "sender moves to R and on",
            &[
                Timeout(S),
                Abort(S),
                Kill(S),
                Kill(R),
                Move(S, ONE),
                Move(S, TWO),
            ],
        ),
    ] {
        holds(name, Setup { events, ..SEND }, reached::RECALLED);
    }
}

/// A sender that is queued at a neighbour moves: it meets the neighbour from outside then.
#[test]
fn a_queued_neighbour_moves() {
    let setup = Setup {
        threads: [sends(1, R), serves(1, 2), ABSENT, sends(1, R)],
        events: &[
            Timeout(S),
            Abort(S),
            Kill(R),
            Move(S, ZERO),
            Move(S, ONE),
            Move(R, TWO),
        ],
        ..SEND
    };
    holds(
        "neighbour moves",
        setup,
        reached::FORWARDED | reached::RECALLED,
    );
}

#[test]
fn the_caller_moves() {
    let caller = |then| Setup {
        threads: [
            asks(0, R, What::Message, then, 1),
            serves(1, 2),
            sends(0, S),
            sends(1, R),
        ],
        events: &[
            Timeout(S),
            Abort(S),
            Kill(S),
            Kill(R),
            Move(S, TWO),
            Move(S, ONE),
        ],
        ..CALL
    };
    let expected = reached::SILENT | reached::SETTLED | reached::FORWARDED;
    holds("caller moves, open", caller(Then::Any), expected);
    holds("caller moves, closed", caller(Then::Partner), expected);
}

/// Both move at once, past each other and to the same CPU.
#[test]
fn both_move() {
    let setup = Setup {
        threads: [
            asks(0, R, What::Message, Then::Partner, 1),
            serves(1, 2),
            ABSENT,
            sends(1, R),
        ],
        events: &[
            Timeout(S),
            Kill(R),
            Move(S, ONE),
            Move(R, ZERO),
            Move(S, TWO),
            Move(R, TWO),
        ],
        ..CALL
    };
    holds("both move", setup, reached::FORWARDED | reached::SETTLED);
    ends("both move", setup);
}

/// Two CPUs move the same thread to different ones: both are obeyed, the last one in the end.
#[test]
fn two_threads_move_a_third() {
    let moves = |cpu, there| asks(cpu, R, What::Move(there), Then::Nothing, 1);
    let setup = Setup {
        threads: [sends(0, R), serves(1, 1), moves(0, TWO), moves(2, ZERO)],
        events: &[Timeout(S), Kill(R), Kill(P), Move(P, ONE)],
        ..SEND
    };
    holds("moved by two", setup, reached::FORWARDED);
    ends("moved by two", setup);
    let asker = Setup {
        threads: [
            asks(0, R, What::Message, Then::Partner, 1),
            serves(1, 1),
            asks(1, S, What::Move(TWO), Then::Nothing, 1),
            asks(2, S, What::Move(ONE), Then::Nothing, 1),
        ],
        events: &[Timeout(S), Abort(S), Kill(S), Move(R, ZERO)],
        ..SEND
    };
    holds("asker moved by two", asker, reached::FORWARDED);
}

/// The surest way to lose somebody: everybody who asks is moved, too.
#[test]
fn whoever_moves_another_moves() {
    let setup = Setup {
        threads: [
            sends(0, R),
            serves(1, 1),
            asks(2, R, What::Move(ZERO), Then::Nothing, 1),
            ABSENT,
        ],
        events: &[
            Move(S, TWO),
            Move(P, ONE),
            Move(R, TWO),
            Move(R, ONE),
            Kill(R),
        ],
        ..SEND
    };
    holds("all move", setup, reached::FORWARDED);
}
