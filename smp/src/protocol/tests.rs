use super::{
    Answer, Ended, Home, Outcome, Receiver, Refusal, Route, Serve, Then, across, ended, route,
    serve,
};
use crate::cpuset::Cpu;
use crate::request::{Reason, Word};

#[test]
fn a_node_goes_where_the_thread_is() {
    let (me, other, third) = (Cpu(0), Cpu(1), Cpu(2));
    let home = |cpu, leaving_for| Home { cpu, leaving_for };
    assert_eq!(route(me, home(me, None)), Route::Here);
    assert_eq!(route(me, home(me, Some(other))), Route::Forward(other));
    assert_eq!(
        route(me, home(other, Some(third))),
        Route::Forward(other),
        "what another CPU plans is its own"
    );
}

#[test]
fn cancellation_comes_before_everything_else() {
    let word = Word::default().begun();
    let cancelled = word.demanded(Reason::Timeout).0;
    for receiver in [
        Receiver::Gone,
        Receiver::Waiting,
        Receiver::Calling,
        Receiver::Busy,
    ] {
        assert_eq!(
            serve(cancelled, receiver, true),
            Serve::Answer(Answer::Cancelled)
        );
    }
    let loud = word.demanded(Reason::Behind).0;
    assert_eq!(
        serve(loud, Receiver::Waiting, false),
        Serve::Deliver,
        "a mere demand cancels nothing"
    );
    assert_eq!(serve(word, Receiver::Busy, true), Serve::Queue);
    assert_eq!(
        serve(word, Receiver::Busy, false),
        Serve::Answer(Answer::Refused(Refusal::NotReady))
    );
}

#[test]
fn a_long_message_is_brought_unless_it_was_cancelled() {
    let word = Word::default().begun();
    let come = Serve::Answer(Answer::Come);
    assert_eq!(across(Serve::Deliver, true), come);
    assert_eq!(across(Serve::Deliver, false), Serve::Deliver);
    assert_eq!(across(Serve::Queue, true), Serve::Queue);
    let end = |word| ended(word, Answer::Come, Then::Receive);
    assert_eq!(end(word), Ended::Visit);
    assert_eq!(end(word.demanded(Reason::Behind).0), Ended::Visit);
    let end_for = |reason| end(word.demanded(reason).0);
    assert_eq!(end_for(Reason::Timeout), Ended::Report(Outcome::Timeout));
    assert_eq!(end_for(Reason::Abort), Ended::Report(Outcome::Cancelled));
    assert_eq!(end_for(Reason::Kill), Ended::Delete);
}

#[test]
fn a_delivered_message_is_a_success_whatever_was_demanded() {
    let word = Word::default().begun();
    let late = word.demanded(Reason::Timeout).0;
    assert_eq!(
        ended(late, Answer::Done, Then::Stop),
        Ended::Report(Outcome::Success)
    );
    assert_eq!(ended(late, Answer::Done, Then::Receive), Ended::Receive);
    let aborted = late.demanded(Reason::Abort).0;
    assert_eq!(
        ended(aborted, Answer::Done, Then::Receive),
        Ended::Receive,
        "only the send phase was to be aborted, and it was over"
    );
    assert_eq!(
        ended(aborted, Answer::Done, Then::GiveUp),
        Ended::Report(Outcome::CancelledReceiving)
    );
    assert_eq!(
        ended(aborted, Answer::Cancelled, Then::GiveUp),
        Ended::Report(Outcome::Cancelled)
    );
    assert_eq!(
        ended(aborted.demanded(Reason::Kill).0, Answer::Done, Then::GiveUp),
        Ended::Delete
    );
}
