//! What the pagers are told.

use l4::abi::protocol::PageFault;
use l4::{Rights, ThreadId};

use crate::harness::pair::{ORDERS, Pair, Side};
use crate::harness::script::Script;
use crate::harness::{Outcome, equal, hex, worker};

/// The last faults of `pager` are `pages` of its window, once each and upwards: accesses of this
/// kind by `from`.
#[track_caller]
fn faults_were(
    pager: Script,
    from: ThreadId,
    access: Rights,
    pages: impl ExactSizeIterator<Item = u64>,
) -> Outcome {
    equal("faults", pager.faults(), pages.len() as u64)?;
    for (index, page) in pages.enumerate() {
        let fault = pager.fault(index);
        equal("from", fault.from, from)?;
        let expected = PageFault {
            address: 0,
            ip: 0,
            access,
        };
        hex("tag", fault.tag, expected.tag().raw())?;
        hex("page", fault.address & !0xFFF, pager.at(4096 * page))?;
        if access == Rights::WRITE {
            hex("instruction pointer", fault.ip, u64::MAX)?;
        }
    }
    Ok(())
}

/// A string of 8192 bytes, whose two pages are missing on one side or on both.
#[track_caller]
fn two_pages_missing(sides: &[Side]) -> Outcome {
    for order in ORDERS {
        let pair = Pair::start()?;
        pair.prepare(0, 4096, 8192, 1);
        if !sides.contains(&Side::Sender) {
            pair.has(Side::Sender, 0..2)?;
        }
        if !sides.contains(&Side::Receiver) {
            pair.has(Side::Receiver, 1..3)?;
        }
        pair.begin(order, pair.send(0, 8192), pair.receive(4096, 8192))?
            .succeeds()?;
        pair.arrived(4096, 8192, 1)?;
        for side in sides {
            let (access, pages) = match side {
                Side::Sender => (Rights::READ, 0..2),
                Side::Receiver => (Rights::WRITE, 1..3),
            };
            let pages = [pages.start, pages.end - 1].into_iter();
            faults_were(pair.pager_of(*side), pair.of(*side).id, access, pages)?;
        }
    }
    Ok(())
}

/// A read of the sender.
pub(super) fn senders_fault() -> Outcome {
    two_pages_missing(&[Side::Sender])
}

/// A write of the receiver, at no instruction.
pub(super) fn receivers_fault() -> Outcome {
    two_pages_missing(&[Side::Receiver])?;
    two_pages_missing(&[Side::Sender, Side::Receiver])
}

/// Each page that a string touches is asked for once, and no other.
pub(super) fn as_many_as_pages() -> Outcome {
    for (from, to, length) in [
        (0, 4096, 4096),
        (1, 4096 + 4095, 4096),
        (4095, 4096, 2),
        (100, 4096 + 200, 300),
        (8, 8192 - 8, 5 * 4096),
    ] {
        for order in ORDERS {
            let pair = Pair::start()?;
            pair.prepare(from, to, length, from + 2);
            pair.begin(order, pair.send(from, length), pair.receive(to, length))?
                .succeeds()?;
            pair.arrived(to, length, from + 2)?;
            for (side, at) in [(Side::Sender, from), (Side::Receiver, to)] {
                let pages = (at + length - 1) / 4096 - at / 4096 + 1;
                equal("faults", pair.pager_of(side).faults(), pages)?;
            }
        }
    }
    Ok(())
}

/// Sender and receiver are threads of one space.
pub(super) fn in_one_space() -> Outcome {
    const APART: u64 = 0x10_0000;
    for order in ORDERS {
        let mut pair = Pair::start()?;
        let second = worker::here()
            .in_space_of(pair.sender.id)
            .pager(pair.target.id);
        pair.receiver = crate::harness::partner::Partner::start(second)?;
        pair.prepare(5, APART + 17, 10_000, 3);
        pair.begin(
            order,
            pair.send(5, 10_000),
            pair.receive(APART + 17, 10_000),
        )?
        .succeeds()?;
        pair.arrived(APART + 17, 10_000, 3)?;
        let pages = [0, 1, 2].into_iter();
        faults_were(pair.source, pair.sender.id, Rights::READ, pages)?;
        let pages = [256, 257, 258].into_iter();
        faults_were(pair.target, pair.receiver.id, Rights::WRITE, pages)?;
    }
    Ok(())
}
