//! Transfers of different partners at the same time on one CPU.

use l4::{Time, schedule};

use crate::harness::pair::{ORDERS, Order, Pair, SIDES, Side};
use crate::harness::partner::Partner;
use crate::harness::script::Act;
use crate::harness::{Outcome, equal, worker};

/// Two pairs, all in spaces of their own.
#[track_caller]
pub(super) fn two_pairs() -> Result<[Pair; 2], crate::harness::Failure> {
    Ok([
        Pair::start_as(0, worker::away(), worker::away())?,
        Pair::start_as(2, worker::away(), worker::away())?,
    ])
}

/// Two pairs use the same addresses in spaces of their own, with other contents behind them. Pages
/// come slowly, so that each copy goes on where the other was.
pub(super) fn same_addresses() -> Outcome {
    const LENGTH: u64 = 10 * 4096;
    for order in ORDERS {
        let pairs = two_pairs()?;
        let mut transfers = [None; 2];
        for (index, pair) in pairs.iter().enumerate() {
            for side in SIDES {
                pair.pager_of(side).otherwise(Act::Slow(1_500));
            }
            pair.prepare(90, 4096 + 10, LENGTH, 50 + index as u64);
            let receive = pair.receive(4096 + 10, LENGTH);
            transfers[index] = Some(pair.begin(order, pair.send(90, LENGTH), receive)?);
        }
        for transfer in transfers.into_iter().flatten() {
            transfer.succeeds()?;
        }
        for (index, pair) in pairs.iter().enumerate() {
            pair.arrived(4096 + 10, LENGTH, 50 + index as u64)?;
            equal(
                "faults",
                (pair.source.faults(), pair.target.faults()),
                (11, 11),
            )?;
        }
    }
    Ok(())
}

/// Long copies without faults, whose threads lose the processor to each other in the middle.
pub(super) fn preempted_copies() -> Outcome {
    const LENGTH: u64 = 1 << 20;
    let pairs = two_pairs()?;
    for (index, pair) in pairs.iter().enumerate() {
        for side in SIDES {
            pair.pager_of(side).otherwise(Act::Chunk);
            pair.has(side, (0..=LENGTH / 4096 + 1).step_by(16))?;
            schedule::set_slice(pair.of(side).id, Time::period(200))?;
        }
        pair.prepare(3, 4096, LENGTH, 60 + index as u64);
    }
    for round in 0..6 {
        let order = ORDERS[round % 2];
        let mut transfers = [None; 2];
        for (slot, pair) in transfers.iter_mut().zip(&pairs) {
            let receive = pair.receive(4096, LENGTH);
            *slot = Some(pair.begin(order, pair.send(3, LENGTH), receive)?);
        }
        for transfer in transfers.into_iter().flatten() {
            transfer.succeeds()?;
        }
        for (index, pair) in pairs.iter().enumerate() {
            pair.arrived(4096, LENGTH, 60 + index as u64)?;
            equal(
                "faults",
                (pair.source.faults(), pair.target.faults()),
                (0, 0),
            )?;
        }
    }
    Ok(())
}

/// Four senders in one space and one receiver in another, all with faults, one after the other.
pub(super) fn one_pager_for_all() -> Outcome {
    const LENGTH: u64 = 9000;
    let pair = Pair::start()?;
    let mut senders = [pair.sender; 4];
    for sender in &mut senders[1..] {
        let plan = worker::here()
            .in_space_of(pair.sender.id)
            .pager(pair.source.id);
        *sender = Partner::start(plan)?;
    }
    let place = |index: usize| 0x4000 * index as u64 + 33;
    let mut sent = [None; 4];
    for (index, sender) in senders.into_iter().enumerate() {
        let with = Pair { sender, ..pair };
        with.prepare(
            place(index),
            0x2_0000 + place(index),
            LENGTH,
            70 + index as u64,
        );
        sent[index] = Some(sender.does(pair.send(place(index), LENGTH))?);
        worker::until_state(sender.id, l4::abi::schedule::ThreadState::PendingSend)?;
    }
    for (index, sender) in senders.into_iter().enumerate().rev() {
        let with = Pair { sender, ..pair };
        let received = pair
            .receiver
            .does(with.receive(0x2_0000 + place(index), LENGTH))?;
        received.result()?.ok()?;
        with.arrived(0x2_0000 + place(index), LENGTH, 70 + index as u64)?;
    }
    for started in sent.into_iter().flatten() {
        started.result()?.ok()?;
    }
    pair.has(Side::Sender, [])?;
    pair.has(Side::Receiver, [])?;
    // Nothing is missing now.
    let again = Pair {
        sender: senders[2],
        ..pair
    };
    again.prepare(place(2), 0x2_0000 + place(2), LENGTH, 80);
    let receive = again.receive(0x2_0000 + place(2), LENGTH);
    again
        .begin(Order::ReceiverFirst, again.send(place(2), LENGTH), receive)?
        .succeeds()?;
    again.arrived(0x2_0000 + place(2), LENGTH, 80)?;
    equal(
        "faults",
        (pair.source.faults(), pair.target.faults()),
        (0, 0),
    )
}
