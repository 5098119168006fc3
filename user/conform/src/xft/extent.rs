//! What a transfer timeout covers, and how far the transfer had come.

use l4::IpcCode::{XferTimeoutOwn as Own, XferTimeoutPartner as Partners};
use l4::abi::item::{CONTINUED, StringItem};
use l4::abi::schedule::ThreadState::{PendingSend, Sending};
use l4::{IpcError, Phase, Tag, ThreadId, Time, schedule};

use crate::harness::gap::Gap;
use crate::harness::pair::{ORDERS, Order, Pair, SIDES, Side, ends_with, over_and_over};
use crate::harness::script::Act;
use crate::harness::{Failure, Job, Outcome, SOON, arena, check, equal, pause, worker};

/// Every page comes in time, all of them together do not.
pub(super) fn rest_of_the_transfer() -> Outcome {
    const PAGES: u64 = 30;
    let limit = Time::period(100_000);
    for (side, order) in SIDES.into_iter().zip(ORDERS) {
        let pair = Pair::start()?;
        let (from, to) = (7, 4096 + 5);
        let (other, first) = match side {
            Side::Sender => (Side::Receiver, 1),
            Side::Receiver => (Side::Sender, 0),
        };
        pair.has(other, first..=first + PAGES)?;
        pair.pager_of(side).otherwise(Act::Slow(15_000));
        pair.prepare(from, to, 4096 * PAGES, 90);
        let send = pair.send(from, 4096 * PAGES).xfer(limit, limit);
        let receive = pair.receive(to, 4096 * PAGES).xfer(limit, limit);
        let transfer = pair.begin(order, send, receive)?;
        let received = transfer.receiver.result()?;
        let Some(IpcError { offset, .. }) = IpcError::from_raw(received.error) else {
            return Err(Failure::new(format_args!(
                "no error but {:#x}",
                received.error
            )));
        };
        transfer.is_cut(Own, Partners, offset)?;
        // It ends at a page of the slow side, and could not come to the last one.
        let begin = if side == Side::Sender { from } else { to };
        check(
            "the border of a page",
            offset == 0 || (begin + offset).is_multiple_of(4096),
        )?;
        check("before the end", offset < 4096 * 10)?;
        pair.arrived(to, offset, 90)?;
    }
    Ok(())
}

/// Limits of zero do not matter as long as all pages are there.
pub(super) fn no_fault_no_timeout() -> Outcome {
    const LENGTH: u64 = 64 << 10;
    for order in ORDERS {
        let pair = Pair::start()?;
        pair.has(Side::Sender, 0..17)?;
        pair.has(Side::Receiver, 1..19)?;
        pair.prepare(9, 4099, LENGTH, 91);
        let send = pair.send(9, LENGTH).xfer(Time::ZERO, Time::ZERO);
        let receive = pair.receive(4099, LENGTH).xfer(Time::ZERO, Time::ZERO);
        pair.begin(order, send, receive)?.succeeds()?;
        pair.arrived(4099, LENGTH, 91)?;
    }
    Ok(())
}

/// Send and receive timeouts are for the meeting only.
pub(super) fn ipc_timeouts_end_with_the_meeting() -> Outcome {
    let short = Time::period(1_000_000);
    for (side, order) in SIDES.into_iter().zip(ORDERS) {
        let gap = Gap::new(side)?;
        let send = gap.send().within(short, short);
        let receive = gap.receive().within(short, short);
        let transfer = gap.hold_with(order, send, receive)?;
        pause(1_500_000);
        gap.completes(&transfer)?;
    }
    Ok(())
}

/// Timeouts of a meeting, in microseconds: on a busy host the two may need more than the first.
const MEETINGS: [u64; 3] = [300_000, 1_500_000, 5_000_000];

/// Nor do they end a copy that gets no processor for longer than that.
pub(super) fn ipc_timeouts_of_a_copy_that_waits() -> Outcome {
    arena::write(arena::source(), PART, 93);
    for order in ORDERS {
        let pair = Pair::start_as(0, worker::here(), worker::here())?;
        let mut has_waited = false;
        for limit in MEETINGS {
            has_waited = has_waited || copy_waits(&pair, order, limit)?;
        }
        check("a copy waited", has_waited)?;
    }
    Ok(())
}

/// Bytes that a long string goes over again and again.
const PART: u64 = 2 << 20;

/// Lets a copy wait for longer than the timeouts of its meeting. False: the two have not met in time.
#[track_caller]
fn copy_waits(pair: &Pair, order: Order, limit: u64) -> Result<bool, Failure> {
    arena::blank(arena::target(), PART);
    let short = Time::period(limit);
    let [source, target] =
        [arena::source(), arena::target()].map(|address| over_and_over(address, PART));
    let send = pair.send_items(&source).within(short, short);
    let receive = pair.receive_into(&target).within(short, short);
    let transfer = pair.begin(order, send, receive)?;
    pause(1_000);
    if schedule::state(pair.sender.id) != Ok(Sending) {
        transfer.sender.result()?;
        transfer.receiver.result()?;
        return Ok(false);
    }
    // Nobody else runs here for that time.
    let start = l4::clock::micros();
    while l4::clock::micros() - start < limit / 8 * 9 {
        core::hint::spin_loop();
    }
    transfer.succeeds()?;
    arena::holds(arena::target(), PART, 93, 0)?;
    Ok(true)
}

/// Exactly the bytes below the missing page are there, wherever in their pages the two begin.
pub(super) fn offsets_at_borders_of_pages() -> Outcome {
    const LENGTH: u64 = 3 * 4096;
    for (from, to) in [
        (0, 4096),
        (3, 4096 + 5),
        (4095, 4096),
        (1, 8191),
        (2048, 4097),
        (9, 4096 + 9),
    ] {
        for side in SIDES {
            for missing in 0..4 {
                for order in ORDERS {
                    let begin = if side == Side::Sender { from } else { to };
                    let last = (begin + LENGTH - 1) / 4096 - begin / 4096;
                    if missing > last || order as u64 != missing % 2 {
                        continue;
                    }
                    let offset = (4096 * (begin / 4096 + missing)).saturating_sub(begin);
                    let pair = lacking(side, begin / 4096 + missing)?;
                    pair.prepare(from, to, LENGTH, from + to);
                    let send = pair.send(from, LENGTH).xfer(Time::ZERO, Time::ZERO);
                    let receive = pair.receive(to, LENGTH).xfer(Time::ZERO, Time::ZERO);
                    pair.begin(order, send, receive)?
                        .is_cut(Own, Partners, offset)?;
                    pair.arrived(to, offset, from + to)?;
                    retire(&pair)?;
                }
            }
        }
    }
    Ok(())
}

/// A pair that has its first pages but for `page` of one side.
#[track_caller]
fn lacking(side: Side, page: u64) -> Result<Pair, Failure> {
    let pair = Pair::start()?;
    for each in SIDES {
        pair.has(each, (0..6).filter(|other| each != side || *other != page))?;
    }
    Ok(pair)
}

#[track_caller]
fn retire(pair: &Pair) -> Outcome {
    for id in [
        pair.sender.id,
        pair.receiver.id,
        pair.source.id,
        pair.target.id,
    ] {
        equal(
            "deletion",
            crate::harness::raw::delete(id),
            crate::harness::raw::DONE,
        )?;
    }
    Ok(())
}

/// The offset counts the bytes of the strings before, too.
pub(super) fn offsets_over_several_strings() -> Outcome {
    for side in SIDES {
        for order in ORDERS {
            // Page 2 of the sender or page 3 of the receiver holds the end of the second string.
            let pair = lacking(side, if side == Side::Sender { 2 } else { 3 })?;
            let part = |length| StringItem::new(length, 1).raw();
            let items = [
                part(1000),
                pair.source.at(10),
                part(5000),
                pair.source.at(5000),
                part(10),
                pair.source.at(0),
            ];
            let buffers = [
                part(1000) | CONTINUED,
                pair.target.at(4096),
                part(5000) | CONTINUED,
                pair.target.at(4 * 4096 - 4900),
                part(10),
                pair.target.at(5 * 4096),
            ];
            pair.prepare(0, 4096, 4 * 4096, 92);
            let offset = 1000
                + if side == Side::Sender {
                    2 * 4096 - 5000
                } else {
                    4900 - 4096
                };
            let send = pair.send_items(&items).xfer(Time::ZERO, Time::ZERO);
            let receive = pair.receive_into(&buffers).xfer(Time::ZERO, Time::ZERO);
            pair.begin(order, send, receive)?
                .is_cut(Own, Partners, offset)?;
            retire(&pair)?;
        }
    }
    Ok(())
}

/// When the pager answers at last nobody waits for it, and both can do it again.
pub(super) fn late_answer() -> Outcome {
    let short = Time::period(30_000);
    for side in SIDES {
        for order in ORDERS {
            let gap = Gap::new(side)?;
            let (send, receive) = (
                gap.send().xfer(short, short),
                gap.receive().xfer(short, short),
            );
            let transfer = gap.hold_with(order, send, receive)?;
            transfer.is_cut(Own, Partners, gap.offset)?;
            let error = gap.pager().release(Act::Map)?.err();
            check("the answer comes too late", error.is_some())?;
            gap.ends_there()?;
            gap.works_again(order)?;
        }
    }
    Ok(())
}

/// A call that ends in its send phase does not receive.
pub(super) fn no_receive_phase() -> Outcome {
    for side in SIDES {
        let gap = Gap::new(side)?;
        let sender = gap.pair.sender.id;
        let other = Job::send(sender).words(1, 1, 1).start(worker::here())?;
        worker::until_state(other.id, PendingSend)?;
        let call = Job::new(gap.pair.receiver.id, ThreadId::ANY)
            .tag(gap.pair.tag_of_one_string())
            .registers(
                1,
                &[StringItem::new(3 * 4096, 1).raw(), gap.pair.source.at(24)],
            )
            .within(SOON, SOON)
            .xfer(Time::ZERO, Time::ZERO);
        let transfer = gap.pair.begin(Order::ReceiverFirst, call, gap.receive())?;
        transfer.is_cut(Own, Partners, gap.offset)?;
        equal(
            "tag of the caller",
            transfer
                .sender
                .result()?
                .tag()
                .without_flags(Tag::FLAGS)
                .raw(),
            gap.pair.tag_of_one_string(),
        )?;
        equal(
            "who waits to send",
            schedule::state(other.id),
            Ok(PendingSend),
        )?;
    }
    Ok(())
}

/// Time that one transfer has taken is not missing in the next.
pub(super) fn a_new_transfer_has_new_time() -> Outcome {
    let limit = Time::period(2_000_000);
    let gap = Gap::new(Side::Receiver)?;
    for order in [
        Order::ReceiverFirst,
        Order::SenderFirst,
        Order::ReceiverFirst,
    ] {
        gap.pair.target.unmap(2);
        gap.pager().acts(&[Act::Slow(900_000)]);
        let send = gap.send().xfer(limit, limit);
        let receive = gap.receive().xfer(limit, limit);
        gap.pair.begin(order, send, receive)?.succeeds()?;
        gap.is_whole()?;
    }
    // And a limit is what it is now, not what it was.
    let short = Time::period(20_000);
    gap.pair.target.unmap(2);
    let send = gap.send().xfer(short, short);
    let transfer = gap.hold_with(Order::SenderFirst, send, gap.receive())?;
    ends_with(&transfer.sender, Phase::Send, Own, gap.offset)
}
