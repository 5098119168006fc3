//! One string: lengths and alignments.

use l4::abi::schedule::ThreadState::PendingSend;

use super::exchange::{self, strings};
use super::shape::Words;
use crate::harness::pair::{ORDERS, Order};
use crate::harness::partner::Partner;
use crate::harness::{Job, Outcome, SOON, arena, worker};

/// Bytes around a copy that must stay blank.
const AROUND: u64 = 64;

/// Copies `length` bytes from `from` to `to`, offsets in the arenas, of the text `seed`.
#[track_caller]
fn copy(partner: Partner, order: Order, [from, to]: [u64; 2], length: u64, seed: u64) -> Outcome {
    let (from, to) = (arena::source() + from, arena::target() + to);
    arena::write(from, length, seed);
    arena::blank(to - AROUND, length + 2 * AROUND);
    let item = Words::new().simple(from, length);
    let buffer = Words::new().simple(to, length);
    strings(partner, order, item.as_slice(), buffer.as_slice())?.succeed()?;
    arena::holds(to, length, seed, 0)?;
    arena::is_blank(to - AROUND, AROUND)?;
    arena::is_blank(to + length, AROUND)
}

pub(super) fn simple() -> Outcome {
    for partner in exchange::partners()? {
        for order in ORDERS {
            copy(partner, order, [0, 4096], 256, order as u64)?;
        }
    }
    Ok(())
}

/// Also into a buffer with more room.
pub(super) fn lengths() -> Outcome {
    const LENGTHS: [u64; 17] = [
        0, 1, 7, 8, 9, 63, 64, 65, 255, 256, 4095, 4096, 4097, 8191, 8192, 12_289, 65_536,
    ];
    let partners = exchange::partners()?;
    for (seed, length) in LENGTHS.into_iter().enumerate() {
        for partner in partners {
            for order in ORDERS {
                copy(partner, order, [0, 4096], length, seed as u64)?;
            }
            arena::blank(arena::target(), length + 128);
            let item = Words::new().simple(arena::source(), length);
            let room = Words::new().simple(arena::target(), length + 128);
            let both = strings(
                partner,
                Order::ReceiverFirst,
                item.as_slice(),
                room.as_slice(),
            )?;
            both.succeed()?;
            arena::holds(arena::target(), length, seed as u64, 0)?;
            arena::is_blank(arena::target() + length, 128)?;
        }
    }
    Ok(())
}

#[track_caller]
fn large(length: u64) -> Outcome {
    let here = exchange::partner(worker::here())?;
    copy(here, Order::ReceiverFirst, [0, 4096], length, 1)?;
    copy(here, Order::SenderFirst, [7, 4096 + 9], length, 2)?;
    let away = exchange::partner(worker::away())?;
    for arena in [arena::source(), arena::target()] {
        away.touches(arena..arena + arena::SIZE)?;
    }
    copy(away, Order::ReceiverFirst, [0, 4096], length, 3)?;
    copy(away, Order::SenderFirst, [4095, 4097], length, 4)
}

pub(super) fn one_mebibyte() -> Outcome {
    large(1 << 20)
}

pub(super) fn four_mebibytes() -> Outcome {
    large(4 << 20)
}

/// Each offset in a word on both sides, with lengths around those of words.
pub(super) fn every_low_offset() -> Outcome {
    for (partner, order) in exchange::partners()?.into_iter().zip(ORDERS) {
        for pair in 0..64 {
            for length in [1, 2, 7, 8, 9, 15, 16, 17, 24, 31, 33, 100] {
                let offsets = [64 + pair / 8, 128 + pair % 8];
                copy(partner, order, offsets, length, pair + length)?;
            }
        }
    }
    Ok(())
}

/// Copies that begin or end up to eight bytes before or behind the border of a page, on both sides.
pub(super) fn across_pages() -> Outcome {
    for (partner, order) in exchange::partners()?
        .into_iter()
        .zip([Order::SenderFirst, Order::ReceiverFirst])
    {
        for from in 4088..=4104 {
            for to in 4088..=4104 {
                for length in [1, 8, 13] {
                    copy(partner, order, [from, to], length, from + to)?;
                }
            }
        }
        for (from, to) in [
            (1, 4095),
            (4095, 1 + 4096),
            (2048, 4096 + 2047),
            (4093, 4091),
        ] {
            for length in [4096, 8192, 8195] {
                copy(partner, order, [from, to], length, from ^ length)?;
            }
        }
    }
    Ok(())
}

/// Between threads of the same and of other priorities.
pub(super) fn priorities() -> Outcome {
    for priority in [50, 100, 150] {
        let plan = || worker::away().priority(priority);
        let (first, second) = (Partner::start(plan())?, Partner::start(worker::away())?);
        let (from, to) = (arena::source(), arena::target());
        for partner in [first, second] {
            partner.touches(from..from + 8192)?;
            partner.touches(to..to + 8192)?;
        }
        let item = Words::new().simple(from, 5000);
        let buffer = Words::new().simple(to, 5000);
        for (seed, [sender, receiver]) in [[first, second], [second, first]].into_iter().enumerate()
        {
            for order in ORDERS {
                let seed = 10 * u64::from(priority) + 2 * seed as u64 + order as u64;
                arena::write(from, 5000, seed);
                let send = Job::send(receiver.id)
                    .tag(exchange::tag(2))
                    .registers(1, item.as_slice())
                    .within(SOON, SOON);
                let receive = Job::receive(sender.id)
                    .buffers(buffer.as_slice())
                    .within(SOON, SOON);
                let (sent, received) = match order {
                    Order::ReceiverFirst => {
                        let received = receiver.does(receive)?;
                        worker::until_waiting(&[receiver.id])?;
                        (sender.does(send)?, received)
                    }
                    Order::SenderFirst => {
                        let sent = sender.does(send)?;
                        worker::until_state(sender.id, PendingSend)?;
                        (sent, receiver.does(receive)?)
                    }
                };
                sent.result()?.ok()?;
                received.result()?.ok()?;
                arena::holds(to, 5000, seed, 0)?;
            }
        }
    }
    Ok(())
}
