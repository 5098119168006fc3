//! Lengths and addresses that are too large: what lies in the user range goes over, the rest is cut.

use l4::abi::item::CONTINUED;
use l4::abi::layout::USER_LAST;
use l4::{Fpage, MapItem, Rights, Time};

use super::exchange::{self, Both, meet, strings, tag};
use super::garbage::everywhere;
use super::shape::Words;
use super::shapes::{buffer, string};
use crate::harness::pair::Order;
use crate::harness::partner::Partner;
use crate::harness::{Failure, Job, Outcome, arena, worker};

/// The last length that a descriptor can say.
const LONGEST: u64 = (1 << 54) - 1;

fn source() -> u64 {
    arena::source() + 4096
}

fn target() -> u64 {
    arena::target() + 4096
}

/// Lengths that are longer than the address space.
pub(super) fn longest_lengths() -> Outcome {
    everywhere(|partner, order| {
        let endless = string(LONGEST);
        let both = strings(partner, order, endless.as_slice(), buffer(4096).as_slice())?;
        both.overflow(4096, tag(2))?;
        arena::holds(target(), 4096, 60, 0)?;
        arena::is_blank(target() + 4096, 4096)?;
        let room = buffer(LONGEST);
        let both = strings(partner, order, string(5000).as_slice(), room.as_slice())?;
        both.succeed()?;
        arena::holds(target(), 5000, 60, 0)?;
        arena::is_blank(target() + 5000, 4096)?;
        let parts = Words::new()
            .then(&[LONGEST << 10 | 31 << 4])
            .then(&[source(); 32]);
        let both = strings(partner, order, parts.as_slice(), buffer(100).as_slice())?;
        both.overflow(100, tag(33))
    })
}

/// A bad address on either side, alone and behind a good string.
#[track_caller]
fn refused(addresses: &[u64]) -> Outcome {
    everywhere(|partner, order| {
        for address in addresses {
            let bad = Words::new().simple(*address, 64);
            let good_then_bad = string(100).simple(*address, 64);
            let two = buffer(100).with_bits(0, CONTINUED);
            let rooms = [
                buffer(100),
                two.simple(target() + 1000, 64),
                two.simple(*address, 64),
            ];
            let two_strings = string(100).simple(source() + 100, 64);
            for (items, room, copied) in [
                (&bad, &rooms[0], 0),
                (&string(64), &bad, 0),
                (&good_then_bad, &rooms[1], 100),
                (&two_strings, &rooms[2], 100),
                (&good_then_bad, &rooms[2], 100),
            ] {
                arena::blank(target(), 2000);
                let both = strings(partner, order, items.as_slice(), room.as_slice())?;
                both.overflow(copied, tag(items.as_slice().len()))?;
                arena::holds(target(), copied, 60, 0)?;
                arena::is_blank(target() + copied, 2000 - copied)?;
            }
        }
        Ok(())
    })
}

pub(super) fn kernel_addresses() -> Outcome {
    refused(&[
        0xFFFF_8000_0000_0000,
        0xFFFF_FF00_0000_0000,
        0xFFFF_FFFF_8000_0000,
        0xFFFF_FFFF_FFFF_F000,
        0xFFFF_FFFF_FFFF_FFFF,
        0xFFFF_FFFF_FFFF_FFC0,
    ])
}

/// Addresses that the processor does not have.
pub(super) fn no_addresses() -> Outcome {
    refused(&[
        USER_LAST + 1,
        0x0001_0000_0000_0000,
        0x8000_0000_0000_0000,
        0x7FFF_FFFF_FFFF_FFFF,
        0xFFFF_7FFF_FFFF_FFFF,
        0xFEDC_BA98_7654_3210,
    ])
}

/// The last page of the user range, which nobody can have, and the one before it.
const LAST_PAGE: u64 = USER_LAST & !0xFFF;
const BEFORE: u64 = LAST_PAGE - 4096;

/// Gives the partner the page at `address` as the last one that it can have.
#[track_caller]
fn last_page(partner: Partner, address: u64) -> Outcome {
    let window = Fpage::new(BEFORE, 12, Rights::NONE).raw() & !0xF;
    let item = MapItem {
        send_base: 0,
        fpage: Fpage::new(address, 12, Rights::READ_WRITE),
    };
    let both = meet(
        partner,
        Order::ReceiverFirst,
        |to| Job::send(to).tag(tag(2)).registers(1, &item.words()),
        |from| Job::receive(from).accepting(window),
    )?;
    both.succeed()
}

/// One string into one buffer; nobody waits for a page.
#[track_caller]
fn at_once(partner: Partner, order: Order, items: &Words, room: &Words) -> Result<Both, Failure> {
    let never = Time::ZERO;
    meet(
        partner,
        order,
        |to| {
            Job::send(to)
                .tag(tag(2))
                .registers(1, items.as_slice())
                .xfer(never, never)
        },
        |from| {
            Job::receive(from)
                .buffers(room.as_slice())
                .xfer(never, never)
        },
    )
}

/// Strings and buffers up to the last page that there can be go over; what would lie behind is a
/// page that does not come.
pub(super) fn end_of_the_user_range() -> Outcome {
    let partner = exchange::partner(worker::away())?;
    arena::write(source(), 4096, 61);
    for at in [0xF00, 0xFFF, 0xFF8, 0] {
        let room = 4096 - at;
        last_page(partner, source())?;
        for (length, whole) in [(room, true), (room + 1, false), (LONGEST, false)] {
            arena::blank(target(), 8192);
            let items = Words::new().simple(BEFORE + at, length);
            let both = at_once(partner, Order::SenderFirst, &items, &buffer(8000))?;
            if whole {
                both.succeed()?;
            } else {
                both.times_out(room, tag(2))?;
            }
            arena::holds(target(), room, 61, at)?;
            arena::is_blank(target() + room, 4096)?;
        }
        last_page(partner, target())?;
        for (length, whole) in [(room, true), (room + 1, false)] {
            arena::blank(target(), 8192);
            let place = Words::new().simple(BEFORE + at, LONGEST);
            let both = at_once(partner, Order::ReceiverFirst, &string(length), &place)?;
            if whole {
                both.succeed()?;
            } else {
                both.times_out(room, tag(2))?;
            }
            arena::holds(target() + at, room, 61, 0)?;
            arena::is_blank(target(), at)?;
        }
    }
    let inside = Words::new().simple(USER_LAST - 9, 100);
    at_once(partner, Order::SenderFirst, &inside, &buffer(100))?.times_out(0, tag(2))?;
    at_once(partner, Order::ReceiverFirst, &string(100), &inside)?.times_out(0, tag(2))
}
