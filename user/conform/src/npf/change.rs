//! Mappings that change while a transfer goes on.

use crate::harness::pair::{ORDERS, Pair, SIDES, Side};
use crate::harness::raw::UNTOUCHED;
use crate::harness::script::Act;
use crate::harness::{Outcome, SOON, arena, equal, hex};

/// A page that may only be read is asked for once more, for writing.
pub(super) fn read_only_buffer() -> Outcome {
    for order in ORDERS {
        let pair = Pair::start()?;
        pair.has(Side::Sender, 0..2)?;
        // Read by the receiver before, so that the page is there when the copy begins.
        pair.target.acts(&[Act::ReadOnly]);
        pair.receiver
            .touches(pair.target.at(4096)..pair.target.at(4097))?;
        pair.target.acts(&[Act::Map, Act::ReadOnly, Act::Map]);
        pair.prepare(0, 4096, 8192, 30);
        pair.begin(order, pair.send(0, 8192), pair.receive(4096, 8192))?
            .succeeds()?;
        pair.arrived(4096, 8192, 30)?;
        equal("faults", pair.target.faults(), 3)?;
        for (index, page) in [1, 2, 2].into_iter().enumerate() {
            let fault = pair.target.fault(index);
            hex("tag", fault.tag, 0xFFFF_FFFF_FFE2_0002)?;
            hex("page", fault.address & !0xFFF, pair.target.at(4096 * page))?;
            hex("instruction pointer", fault.ip, u64::MAX)?;
        }
    }
    Ok(())
}

/// The pager takes pages away when it is asked for another: one that was copied already, and one
/// that was there and is still to come.
pub(super) fn unmapped_by_the_pager() -> Outcome {
    for order in ORDERS {
        for side in SIDES {
            let pair = Pair::start()?;
            let first = u64::from(side == Side::Receiver);
            for each in SIDES {
                let first = u64::from(each == Side::Receiver);
                pair.has(each, [first, first + 2, first + 3])?;
                pair.has(each, (each != side).then_some(first + 1))?;
            }
            let pager = pair.pager_of(side);
            pager.acts(&[Act::Unmap(first + 2), Act::Unmap(first)]);
            pair.prepare(0, 4096, 4 * 4096, 31);
            pair.begin(order, pair.send(0, 4 * 4096), pair.receive(4096, 4 * 4096))?
                .succeeds()?;
            pair.arrived(4096, 4 * 4096, 31)?;
            // The page that was not there, and the one that was taken away before its turn.
            equal("faults", pager.faults(), 2)?;
            let page = |index| pager.fault(index).address & !0xFFF;
            equal(
                "pages",
                (page(0), page(1)),
                (pager.at(4096 * (first + 1)), pager.at(4096 * (first + 2))),
            )?;
        }
    }
    Ok(())
}

/// While the sender waits for a page, the receiver loses pages and gets others there: what comes
/// from then on goes to the new pages, and nothing more to the old ones.
pub(super) fn partner_gets_another_page() -> Outcome {
    for order in ORDERS {
        let pair = Pair::start()?;
        pair.has(Side::Sender, [0, 2])?;
        pair.has(Side::Receiver, 1..4)?;
        pair.source.acts(&[Act::Hold]);
        pair.prepare(0, 4096, 3 * 4096, 32);
        arena::blank(pair.target.memory(8 * 4096), 2 * 4096);
        let transfer = pair.begin(order, pair.send(0, 3 * 4096), pair.receive(4096, 3 * 4096))?;
        pair.source.until_held()?;
        for page in [2, 3] {
            pair.target.unmap(page);
        }
        pair.target.acts(&[Act::Instead(8), Act::Instead(9)]);
        equal("answer", pair.source.release(Act::Map)?, Ok(()))?;
        transfer.succeeds()?;
        equal("faults of the receiver", pair.target.faults(), 2)?;
        arena::holds(pair.target.memory(4096), 4096, 32, 0)?;
        arena::is_blank(pair.target.memory(2 * 4096), 2 * 4096)?;
        arena::holds(pair.target.memory(8 * 4096), 2 * 4096, 32, 4096)?;
    }
    Ok(())
}

/// Faults leave no trace in the UTCBs: message and buffer registers, acceptor, ErrorCode and
/// XferTimeouts are what the transfer alone makes of them.
pub(super) fn utcbs_are_unchanged() -> Outcome {
    let before: [u64; 60] = core::array::from_fn(|index| 0xCAFE_0000 + index as u64);
    for order in ORDERS {
        let pair = Pair::start()?;
        for side in SIDES {
            pair.pager_of(side).acts(&[Act::Empty, Act::Slow(1_000)]);
        }
        pair.prepare(50, 4096 + 70, 9000, 33);
        let send = pair
            .send(50, 9000)
            .registers(4, &before)
            .accepting(0x10)
            .xfer(SOON, SOON);
        let receive = pair
            .receive(4096 + 70, 9000)
            .registers(3, &before)
            .xfer(SOON, SOON);
        let (sent, received) = pair.begin(order, send, receive)?.succeeds()?;
        pair.arrived(4096 + 70, 9000, 33)?;
        hex("sender's tag", sent.mr[0], pair.tag_of_one_string())?;
        let string = [9000 << 10, pair.source.at(50)];
        let buffer = [9000 << 10, pair.target.at(4096 + 70)];
        equal("sender's string", &sent.mr[1..3], &string[..])?;
        equal("sender's other registers", &sent.mr[4..], &before[..])?;
        equal("string", &received.mr[1..3], &string[..])?;
        equal("other registers", &received.mr[3..63], &before[..])?;
        equal("buffer", &received.br[..2], &buffer[..])?;
        equal("buffers behind", &received.br[2..], &[0; 30][..])?;
        equal("acceptors", (sent.acceptor, received.acceptor), (0x10, 1))?;
        hex("ErrorCode", sent.error, UNTOUCHED)?;
        let limits = l4::Timeouts::new(SOON, SOON);
        equal("XferTimeouts", (sent.xfer, received.xfer), (limits, limits))?;
    }
    Ok(())
}
