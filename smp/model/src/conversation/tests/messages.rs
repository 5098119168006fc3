//! Short messages to a receiver that moves, dies, is made anew; calls, replies, deletions.

use super::super::properties::reached;
use super::super::setup::Event::{Abort, Kill, Move, Timeout};
use super::super::setup::{ABSENT, Job, Part, Role, Setup, Then, asks, sends, serves};
use super::super::state::{Id, P, Q, R, S, What};
use super::{CALL, CALL_ONCE, ONE, SEND, TWO, ZERO, ends, holds};

/// S of `setup`, but without patience.
const fn impatient(setup: Setup) -> [Part; 4] {
    let [(cpu, role), r, p, q] = setup.threads;
    let role = match role {
        Role::Asks(job, times) => Role::Asks(
            Job {
                patient: false,
                ..job
            },
            times,
        ),
        other => other,
    };
    [(cpu, role), r, p, q]
}

#[test]
fn send() {
    use reached::{CANCELLED_IN_FLIGHT, DIED_LATE, FORWARDED, LEFT_TO_CANCEL, RECALLED};
    let expected = FORWARDED | CANCELLED_IN_FLIGHT | DIED_LATE;
    holds("send", SEND, expected | RECALLED | LEFT_TO_CANCEL);
    holds(
        "send without waiting",
        Setup {
            threads: impatient(SEND),
            ..SEND
        },
        expected,
    );
}

#[test]
fn send_to_a_thread_that_does_not_receive() {
    let [s, _, p, q] = SEND.threads;
    holds(
        "send to the busy",
        Setup {
            threads: [s, serves(1, 0), p, q],
            ..SEND
        },
        reached::RECALLED | reached::LEFT_TO_CANCEL | reached::DIED_LATE,
    );
}

/// The receive phase of R ends while the message is on its way: that queues, and the next one takes it.
#[test]
fn send_to_a_thread_whose_wait_times_out() {
    holds(
        "send, R times out",
        Setup {
            silent: false,
            events: &[Timeout(R), Timeout(S), Abort(R), Kill(S), Move(R, TWO)],
            ..SEND
        },
        reached::RECALLED | reached::FORWARDED,
    );
}

#[test]
fn call_that_ends_silently() {
    use reached::{FORWARDED, LOUD_AFTER_DEMAND, RECALLED, SETTLED, SILENT};
    let expected = SILENT | LOUD_AFTER_DEMAND | SETTLED | RECALLED | FORWARDED;
    holds("call, open", CALL, expected);
    let [_, r, _, q] = CALL.threads;
    let closed = Setup {
        threads: [asks(0, R, What::Message, Then::Partner, 2), r, ABSENT, q],
        ..CALL
    };
    holds("call, closed", closed, expected);
    holds(
        "call without waiting",
        Setup {
            threads: impatient(CALL_ONCE),
            ..CALL
        },
        expected & !RECALLED,
    );
}

#[test]
fn call_that_is_answered() {
    holds(
        "call, loud",
        Setup {
            silent: false,
            ..CALL_ONCE
        },
        reached::RECALLED | reached::FORWARDED,
    );
}

/// Senders on three CPUs, one of them that of R.
#[test]
fn senders_on_every_cpu() {
    let senders = Setup {
        threads: [sends(0, R), serves(1, 3), sends(2, R), sends(1, R)],
        events: &[
            Timeout(S),
            Abort(P),
            Kill(P),
            Kill(R),
            Move(R, TWO),
            Move(R, ZERO),
        ],
        ..SEND
    };
    holds(
        "three senders",
        senders,
        reached::FORWARDED | reached::RECALLED | reached::LEFT_TO_CANCEL,
    );
}

/// Two callers, and a server that answers both, each on a CPU of its own.
#[test]
fn callers_on_two_cpus() {
    let call = |cpu| asks(cpu, R, What::Message, Then::Partner, 1);
    let callers = Setup {
        threads: [call(0), serves(1, 2), call(2), ABSENT],
        events: &[Timeout(S), Abort(P), Kill(R), Move(R, ZERO), Move(P, ONE)],
        ..SEND
    };
    holds("two callers", callers, reached::SILENT | reached::SETTLED);
}

/// S and R call each other at once: both wait in each other's queue until the time of one is over.
#[test]
fn two_threads_call_each_other() {
    let call = |cpu, to: Id, then| asks(cpu, to, What::Message, then, 1);
    for (name, then) in [
        ("call each other, closed", Then::Partner),
        ("call each other, open", Then::Any),
    ] {
        let setup = Setup {
            threads: [call(0, R, then), call(1, S, then), sends(0, S), sends(2, R)],
            events: &[Timeout(S), Timeout(R), Abort(S), Kill(R), Move(S, TWO)],
            ..SEND
        };
        holds(name, setup, reached::RECALLED | reached::FORWARDED);
    }
}

#[test]
fn two_threads_delete_each_other() {
    let setup = Setup {
        threads: [
            asks(0, R, What::Delete, Then::Nothing, 1),
            asks(1, S, What::Delete, Then::Nothing, 1),
            sends(0, S),
            sends(1, R),
        ],
        ..SEND
    };
    holds(
        "delete each other",
        setup,
        reached::FORWARDED | reached::DIED_LATE,
    );
}

/// Two CPUs delete the same thread, which calls a third.
#[test]
fn two_threads_delete_a_third() {
    let delete = |cpu| asks(cpu, S, What::Delete, Then::Nothing, 1);
    let setup = Setup {
        threads: [
            asks(0, R, What::Message, Then::Partner, 1),
            serves(1, 1),
            delete(1),
            delete(2),
        ],
        events: &[Timeout(S), Move(S, TWO), Move(R, ZERO), Kill(Q)],
        ..SEND
    };
    holds(
        "deleted twice",
        setup,
        reached::FORWARDED | reached::DIED_LATE,
    );
}

#[test]
fn every_run_ends() {
    let [_, r, _, q] = SEND.threads;
    ends(
        "send",
        Setup {
            threads: [sends(0, R), r, ABSENT, q],
            ..SEND
        },
    );
    let [s, _, p, _] = CALL_ONCE.threads;
    ends(
        "call",
        Setup {
            threads: [s, r, p, ABSENT],
            ..CALL
        },
    );
}
