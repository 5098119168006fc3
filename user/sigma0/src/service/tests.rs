//! Whole requests against a small machine.

use core::num::NonZeroU64;

use pecan_abi::fpage::IoFpage;

use super::{Answer, Client, Service};
use crate::ledger::{Piece, all_ports};
use crate::regions::{Kind, Pages, Region, Regions, State};
use crate::request::{Request, Wanted};

fn client(number: u64) -> Client {
    Client {
        id: NonZeroU64::new(number << 32 | 1).expect("not zero"),
        is_trusted: false,
    }
}

/// RAM from 0 to 16 MiB, a module at 4 MiB, shared memory above; room for two ranges of ports.
fn service(storage: &mut [Region]) -> Service<'_> {
    let mut regions = Regions::new(storage);
    let mut set = |start, end, kind| {
        regions
            .set(Pages { start, end }, State::free(kind))
            .expect("room")
    };
    set(0, 1 << 40, Kind::Shared);
    set(0, 0x1000, Kind::Conventional);
    set(0x400, 0x410, Kind::Boot);
    let ports = all_ports(vec![Region::UNUSED; 6].leak()).expect("room");
    Service::new(regions, ports)
}

fn ask(service: &mut Service<'_>, request: Request, client: Client) -> Option<Answer> {
    service.decide(request, client, |_, _| panic!("no attribute was asked for"))
}

fn fault(base: u64) -> Request {
    Request::Fault {
        page: Piece { base, log2: 12 },
    }
}

fn memory(wanted: Wanted) -> Request {
    Request::Memory {
        wanted,
        attributes: 0,
    }
}

#[test]
fn a_fault_gets_its_page_and_keeps_it() {
    let mut storage = [Region::UNUSED; 16];
    let mut service = service(&mut storage);
    let page = Piece {
        base: 0x50_0000,
        log2: 12,
    };
    assert_eq!(
        ask(&mut service, fault(page.base), client(1)),
        Some(Answer::Map(page))
    );
    assert_eq!(
        ask(&mut service, fault(page.base), client(1)),
        Some(Answer::Map(page))
    );
    assert_eq!(
        ask(&mut service, fault(page.base), client(2)),
        Some(Answer::Nothing)
    );
    let wanted = memory(Wanted::At(page));
    assert_eq!(ask(&mut service, wanted, client(2)), Some(Answer::Nothing));
}

#[test]
fn a_thread_that_faults_again_after_a_refusal_is_left_waiting() {
    let mut storage = [Region::UNUSED; 16];
    let mut service = service(&mut storage);
    for bad in [0, 0x40_0000, 1 << 47, 0xffff_8000_0000_0000] {
        assert_eq!(
            ask(&mut service, fault(bad), client(1)),
            Some(Answer::Nothing),
            "{bad:#x}"
        );
        assert_eq!(
            ask(&mut service, fault(bad), client(1)),
            Some(Answer::Silence),
            "{bad:#x}"
        );
        assert_eq!(
            ask(&mut service, fault(bad), client(2)),
            Some(Answer::Nothing),
            "{bad:#x}"
        );
    }
}

#[test]
fn ports_go_to_the_first_who_asks_or_runs_into_them() {
    let mut storage = [Region::UNUSED; 16];
    let mut service = service(&mut storage);
    let mut ask = |port, log2, by_fault, who| {
        let ports = IoFpage::new(port, log2);
        let request = Request::Ports { ports, by_fault };
        let answer = super::Service::decide(&mut service, request, client(who), |_, _| false);
        (answer == Some(Answer::MapPorts(ports)), answer)
    };
    assert!(ask(0x3f8, 3, false, 1).0);
    assert!(ask(0x3f8, 0, true, 1).0, "its own already");
    assert_eq!(ask(0x3ff, 0, true, 2).1, Some(Answer::Nothing));
    assert_eq!(ask(0x3ff, 0, true, 2).1, Some(Answer::Silence));
    assert_eq!(ask(0x3f0, 4, false, 2).1, Some(Answer::Nothing), "in part");
    assert_eq!(ask(0x3f0, 4, false, 2).1, Some(Answer::Nothing));
    assert!(ask(0xffff, 2, true, 2).0, "the last port");
    assert_eq!(ask(0, 16, false, 2).1, Some(Answer::Nothing), "all");
    assert_eq!(ask(0x60, 0, false, 2).1, Some(Answer::Nothing), "no room");
}

#[test]
fn any_memory_is_given_until_there_is_none() {
    let mut storage = [Region::UNUSED; 64];
    let mut service = service(&mut storage);
    let any = memory(Wanted::Any { log2: 22 });
    let mut given = Vec::new();
    while let Some(Answer::Map(piece)) = ask(&mut service, any, client(1)) {
        given.push(piece.base);
    }
    assert_eq!(
        given,
        [0x80_0000, 0xc0_0000],
        "0 is below 1 MiB, 4 MiB has the module"
    );
    let more = memory(Wanted::Any { log2: 12 });
    assert!(matches!(
        ask(&mut service, more, client(2)),
        Some(Answer::Map(_))
    ));
}

#[test]
fn page_zero_is_there_for_who_asks() {
    let mut storage = [Region::UNUSED; 16];
    let mut service = service(&mut storage);
    let page = Piece { base: 0, log2: 12 };
    assert_eq!(
        ask(&mut service, memory(Wanted::At(page)), client(1)),
        Some(Answer::Map(page))
    );
}

fn cached(base: u64) -> Request {
    Request::Memory {
        wanted: Wanted::At(Piece { base, log2: 12 }),
        attributes: 3,
    }
}

#[test]
fn attributes_that_cannot_be_set_are_refused_and_cost_nothing() {
    let mut storage = [Region::UNUSED; 16];
    let mut service = service(&mut storage);
    let page = Piece {
        base: 0x50_0000,
        log2: 12,
    };
    let request = cached(page.base);
    assert_eq!(
        service.decide(request, client(1), |_, _| false),
        Some(Answer::Nothing)
    );
    assert_eq!(service.regions.state(0x500).owner, None);
    let set = service.decide(request, client(1), |piece, attributes| {
        (piece, attributes) == (page, 3)
    });
    assert_eq!(set, Some(Answer::MapAnew(page)));
}

#[test]
fn who_shares_memory_keeps_it_when_another_asks_for_a_caching() {
    let mut storage = [Region::UNUSED; 16];
    let mut service = service(&mut storage);
    let page = Piece {
        base: 0x200_0000,
        log2: 12,
    };
    let answer = service.decide(cached(page.base), client(1), |_, _| true);
    assert_eq!(answer, Some(Answer::Map(page)));
}

#[test]
fn a_full_book_sets_no_attributes() {
    // The book at the start has four regions.
    let mut storage = [Region::UNUSED; 5];
    let mut full = service(&mut storage);
    let refused = full.decide(cached(0x50_0000), client(1), |_, _| panic!("set"));
    assert_eq!(refused, Some(Answer::Nothing));
}

#[test]
fn only_the_trusted_may_print() {
    let mut storage = [Region::UNUSED; 16];
    let mut service = service(&mut storage);
    let trusted = Client {
        is_trusted: true,
        ..client(1)
    };
    let dump = Request::Dump { answer: true };
    assert_eq!(ask(&mut service, dump, client(1)), None);
    assert_eq!(
        ask(&mut service, dump, trusted),
        Some(Answer::Dump { answer: true })
    );
    assert_eq!(ask(&mut service, Request::Verbosity(2), client(1)), None);
    assert_eq!(
        ask(&mut service, Request::Verbosity(2), trusted),
        Some(Answer::Verbosity(2))
    );
}
