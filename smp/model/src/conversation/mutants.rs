//! Models with one rule broken: the checker must find a counterexample.

use super::explore::Conversation;
use super::properties::{ALL, BELONGS, KEPT, NOBODY_STUCK, ONE_PLACE, TOGETHER};
use super::rules::Fault;
use super::setup::Event::{self, Abort, Kill, Make, Move, PartnersFault, Timeout};
use super::setup::{ABSENT, Part, Setup, Then, asks, sends, serves};
use super::state::{P, R, S, What};
use super::tests::{CALL_ONCE, ONE, TWO, ZERO, ends_lacking};
use stateright::{Checker, HasDiscoveries, Model};

/// Threads of which the last two take no part.
const fn two(s: Part, r: Part, events: &'static [Event]) -> Setup {
    Setup {
        threads: [s, r, ABSENT, ABSENT],
        silent: true,
        pager: P,
        events,
    }
}

/// A call of S to R that accepts its reply alone.
const CLOSED_CALL: Part = asks(0, R, What::Message, Then::Partner, 1);
/// A long message of S to R.
const VISIT: Part = asks(0, R, What::Long, Then::Nothing, 1);

/// One send to a thread that receives nothing.
const fn unheard(events: &'static [Event]) -> Setup {
    two(sends(0, R), serves(1, 0), events)
}

/// One send to a thread that receives it.
const fn heard(events: &'static [Event]) -> Setup {
    two(sends(0, R), serves(1, 1), events)
}

/// One call to a thread that replies.
const fn closed_call(events: &'static [Event]) -> Setup {
    two(CLOSED_CALL, serves(1, 1), events)
}

/// One long message to a thread that receives it; the pager of both is on a third CPU.
const fn visit(pager: Part, events: &'static [Event]) -> Setup {
    Setup {
        threads: [VISIT, serves(1, 1), pager, ABSENT],
        silent: true,
        pager: P,
        events,
    }
}

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
    fails(Fault::NoCancelFlag, unheard(&[Timeout(S)]), NOBODY_STUCK);
}

#[test]
fn two_answers_to_a_recall() {
    fails(Fault::TwoAnswers, heard(&[Timeout(S)]), ONE_PLACE);
}

#[test]
fn cancel_node_reused() {
    let twice = unheard(&[Timeout(S), Abort(S)]);
    fails(Fault::CancelNodeReused, twice, ONE_PLACE);
}

#[test]
fn freed_on_kill() {
    fails(Fault::FreedOnKill, heard(&[Kill(S)]), ONE_PLACE);
}

#[test]
fn resumed_early() {
    fails(Fault::ResumedEarly, heard(&[Timeout(S)]), ONE_PLACE);
}

#[test]
fn senders_not_flushed_at_death() {
    fails(Fault::NotFlushed, unheard(&[Kill(R)]), NOBODY_STUCK);
}

#[test]
fn senders_left_behind_by_a_move() {
    let moved = unheard(&[Move(R, TWO), Timeout(S)]);
    fails(Fault::QueueLeftBehind, moved, KEPT);
}

#[test]
fn no_forwarding() {
    fails(Fault::NoForwarding, heard(&[Move(R, TWO)]), KEPT);
}

#[test]
fn silent_although_demanded() {
    fails(
        Fault::AlwaysSilent,
        closed_call(&[Timeout(S)]),
        NOBODY_STUCK,
    );
}

#[test]
fn a_silent_request_is_never_settled() {
    fails(Fault::NeverSettles, closed_call(&[]), NOBODY_STUCK);
}

#[test]
fn a_silent_request_is_taken_for_waiting() {
    let open = Setup {
        threads: [
            asks(0, R, What::Message, Then::Any, 1),
            serves(1, 1),
            sends(0, S),
            ABSENT,
        ],
        ..closed_call(&[])
    };
    fails(Fault::AssumesWaiting, open, ONE_PLACE);
}

#[test]
fn moved_with_a_request_out() {
    let partner = Setup {
        silent: false,
        ..closed_call(&[Move(R, TWO)])
    };
    fails(Fault::MovesWhileAsking, partner, ONE_PLACE);
    fails(Fault::MovesWhileAsking, heard(&[Move(S, TWO)]), ONE_PLACE);
}

#[test]
fn home_published_on_departure() {
    fails(Fault::PublishedOnDeparture, heard(&[Move(R, ZERO)]), KEPT);
}

#[test]
fn silent_although_a_sender_is_queued() {
    let queued = Setup {
        threads: [CLOSED_CALL, serves(1, 2), ABSENT, sends(1, R)],
        ..closed_call(&[])
    };
    fails(Fault::SilentWithQueue, queued, NOBODY_STUCK);
}

#[test]
fn own_post_waits() {
    let joined = Setup {
        silent: false,
        ..closed_call(&[Move(R, ZERO)])
    };
    fails(Fault::OwnPostWaits, joined, NOBODY_STUCK);
}

#[test]
fn version_ignored() {
    fails(Fault::NoVersion, heard(&[Kill(R), Make(R, ONE)]), KEPT);
    fails(Fault::NoVersion, heard(&[Kill(R), Make(R, TWO)]), KEPT);
}

#[test]
fn number_used_again_too_early() {
    let again = heard(&[Kill(S), Make(S, TWO)]);
    fails(Fault::MadeWhileDying, again, ONE_PLACE);
}

#[test]
fn the_end_of_a_thread_is_told_to_nobody() {
    let waiting = closed_call(&[Kill(R)]);
    fails(Fault::OrphansForgotten, waiting, NOBODY_STUCK);
}

#[test]
fn the_end_of_a_thread_is_told_where_nobody_is_yet() {
    let moving = closed_call(&[Kill(R), Move(S, TWO)]);
    fails(Fault::OrphanInTransit, moving, NOBODY_STUCK);
}

#[test]
fn deletion_answered_when_the_thread_is_gone() {
    let delete = |cpu, whom| asks(cpu, whom, What::Delete, Then::Nothing, 1);
    let each_other = two(delete(0, R), delete(1, S), &[]);
    fails(Fault::ControlHeld, each_other, NOBODY_STUCK);
}

#[test]
fn moved_in_the_midst_of_a_transfer() {
    for events in [&[Move(R, TWO)], &[Move(S, TWO)]] {
        fails(Fault::MovesInTransfer, visit(ABSENT, events), TOGETHER);
    }
}

#[test]
fn a_dying_visitor_goes_home() {
    fails(Fault::MovesThoughDying, visit(ABSENT, &[Kill(S)]), KEPT);
}

#[test]
fn a_visitor_leaves_without_its_message() {
    let once = visit(ABSENT, &[Abort(S)]);
    fails(Fault::LeavesWithoutMessage, once, NOBODY_STUCK);
    let twice = asks(0, R, What::Long, Then::Nothing, 2);
    let again = two(twice, serves(1, 2), once.events);
    fails(Fault::LeavesWithoutMessage, again, KEPT);
}

#[test]
fn a_late_cancel_counts() {
    fails(Fault::LateCancelCounts, heard(&[Timeout(S)]), KEPT);
}

/// The first word has to wait for the end of a request, a transfer, or the way there.
#[test]
fn the_first_word_counts() {
    for setup in [
        heard(&[Move(S, TWO), Move(S, ONE)]),
        visit(ABSENT, &[Move(R, TWO), Move(R, ZERO)]),
        visit(ABSENT, &[Move(S, TWO)]),
    ] {
        fails(Fault::FirstWordCounts, setup, BELONGS);
    }
}

#[test]
fn a_visitor_does_not_go_home() {
    fails(Fault::VisitorStays, visit(ABSENT, &[]), NOBODY_STUCK);
}

#[test]
#[should_panic(expected = "a run that comes back")]
fn a_visitor_runs_after_its_partner() {
    let other = asks(1, S, What::Long, Then::Nothing, 1);
    let each_other = two(VISIT, other, &[]);
    ends_lacking(Some(Fault::RunsAfter), "run after each other", each_other);
}

#[test]
fn a_long_message_is_delivered_from_afar() {
    let moved = visit(ABSENT, &[Move(R, TWO)]);
    fails(Fault::DeliveredFromAfar, moved, KEPT);
}

#[test]
fn a_visitor_that_sets_out_is_told_to_live_at_home() {
    fails(
        Fault::StaysThoughSettingOut,
        visit(ABSENT, &[Move(S, ZERO)]),
        NOBODY_STUCK,
    );
}

#[test]
fn a_transfer_broken_off_for_one() {
    fails(Fault::BrokenOffForOne, visit(ABSENT, &[Abort(S)]), TOGETHER);
}

#[test]
fn a_fault_outlives_its_transfer() {
    fails(
        Fault::CallOutlives,
        visit(serves(2, 0), &[PartnersFault(R), Timeout(R)]),
        NOBODY_STUCK,
    );
}

#[test]
fn a_fault_is_served_for_a_transfer_that_was_broken_off() {
    fails(
        Fault::ServesBrokenOff,
        visit(serves(2, 0), &[PartnersFault(R), Timeout(R)]),
        NOBODY_STUCK,
    );
}

#[test]
fn a_fault_that_nobody_serves_ends_nothing() {
    fails(
        Fault::WaitsForNoPager,
        visit(ABSENT, &[PartnersFault(R)]),
        NOBODY_STUCK,
    );
}

/// The mutants together still fail where everything happens at once.
#[test]
fn the_full_setup_catches_them_too() {
    for fault in [
        Fault::TwoAnswers,
        Fault::FreedOnKill,
        Fault::NeverSettles,
        Fault::NoForwarding,
        Fault::NotFlushed,
    ] {
        let checker = Conversation::new(CALL_ONCE, Some(fault)).checker();
        let checker = checker
            .finish_when(HasDiscoveries::AnyFailures)
            .spawn_bfs()
            .join();
        assert!(
            ALL.iter()
                .any(|property| checker.discovery(property).is_some()),
            "{fault:?} was not caught"
        );
    }
}
