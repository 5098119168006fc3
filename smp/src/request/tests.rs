use super::{Demand, Reason, Request};
use crate::cpuset::Cpu;

fn begun() -> Request {
    let request = Request::new();
    assert_eq!(request.begin(), 1);
    request
}

#[test]
fn whoever_comes_first_decides_whether_the_end_is_silent() {
    let request = begun();
    assert!(request.deliver_silently());
    assert_eq!(request.demand(Reason::Kill), Demand::Delivered);
    assert_eq!(
        request.demand(Reason::Kill),
        Demand::Delivered,
        "settled for good"
    );
    assert_eq!(request.begin(), 2);
    assert_eq!(request.demand(Reason::Behind), Demand::Outstanding);
    assert!(!request.deliver_silently());
    assert_eq!(request.look().cancelled(), None);
}

#[test]
fn a_cancelled_flight_is_not_queued() {
    let request = begun();
    assert_eq!(request.demand(Reason::Timeout), Demand::Outstanding);
    assert!(!request.enqueue(Cpu(1)));
    assert_eq!(request.look().cancelled(), Some(Reason::Timeout));
}

#[test]
fn a_queued_request_is_recalled_once_and_by_the_cancel_alone() {
    let request = begun();
    assert!(request.enqueue(Cpu(0)));
    assert!(request.dequeue());
    assert!(request.enqueue(Cpu(0xfffe)));
    assert_eq!(request.demand(Reason::Behind), Demand::Outstanding);
    assert_eq!(request.demand(Reason::Timeout), Demand::Recall(Cpu(0xfffe)));
    assert_eq!(request.demand(Reason::Kill), Demand::Outstanding);
    assert!(!request.dequeue());
    assert_eq!(request.look().queued_on(), Some(Cpu(0xfffe)));
    assert_eq!(request.look().cancelled(), Some(Reason::Kill));
}

#[test]
fn the_number_wraps_and_nothing_else_survives() {
    let request = begun();
    request.word.store(u64::MAX, super::Ordering::Relaxed);
    assert_eq!(request.begin(), 0);
    assert_eq!(request.look(), super::Word(0));
}
