//! A number is used again, with another version, while messages of and for the old thread are on their way.

use super::super::properties::reached;
use super::super::setup::Event::{Abort, Kill, Make, Move, Timeout};
use super::super::setup::{ABSENT, Setup, Then, asks, sends, serves};
use super::super::state::{P, R, S, What};
use super::{SEND, TWO, ZERO, holds};

/// The new receiver is made on the CPU of the sender, or on a third one, not where the old one was.
#[test]
fn the_receivers_number_is_used_again_elsewhere() {
    for (name, events) in [
        (
            "new R at S",
            &[
                Kill(R),
                Make(R, ZERO),
                Timeout(S),
                Abort(S),
                Move(R, TWO),
                Kill(S),
            ],
        ),
        (
            "new R on a third CPU",
            &[
                Kill(R),
                Make(R, TWO),
                Timeout(S),
                Abort(S),
                Move(R, ZERO),
                Kill(S),
            ],
        ),
    ] {
        let [s, _, p, q] = SEND.threads;
        let setup = Setup {
            threads: [s, serves(1, 1), p, q],
            events,
            ..SEND
        };
        holds(name, setup, reached::RECALLED | reached::DIED_LATE);
    }
}

/// The caller's number is used again while its request, its cancel or the reply to it is on the way.
#[test]
fn the_callers_number_is_used_again_elsewhere() {
    for (name, then) in [
        ("new caller, open", Then::Any),
        ("new caller, closed", Then::Partner),
    ] {
        let setup = Setup {
            threads: [
                asks(0, R, What::Message, then, 1),
                serves(1, 3),
                sends(2, S),
                ABSENT,
            ],
            events: &[Kill(S), Make(S, TWO), Timeout(S), Abort(S), Move(R, TWO)],
            ..SEND
        };
        holds(name, setup, reached::SILENT | reached::DIED_LATE);
    }
}

/// Deleted by a message from a third CPU, made anew there, while others send to it and move it.
#[test]
fn the_number_of_a_deleted_thread_is_used_again() {
    let setup = Setup {
        threads: [
            asks(0, R, What::Message, Then::Partner, 1),
            serves(1, 1),
            asks(2, R, What::Delete, Then::Nothing, 1),
            asks(0, R, What::Move(TWO), Then::Nothing, 1),
        ],
        events: &[Make(R, TWO), Timeout(S), Abort(S), Kill(P)],
        ..SEND
    };
    holds("deleted and made anew", setup, reached::FORWARDED);
}

/// Whoever waits for a thread alone hears of its end, wherever he is, and although its number is used again.
#[test]
fn the_end_of_a_thread_is_heard() {
    let setup = Setup {
        threads: [
            asks(0, R, What::Message, Then::Partner, 1),
            serves(1, 1),
            asks(2, R, What::Message, Then::Partner, 1),
            ABSENT,
        ],
        events: &[Kill(R), Make(R, TWO), Move(S, TWO), Move(P, ZERO), Abort(P)],
        ..SEND
    };
    holds("orphans", setup, reached::SILENT | reached::FORWARDED);
}
