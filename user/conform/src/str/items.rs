//! Strings among words and other items.

use l4::abi::item::CONTINUED;
use l4::{Fpage, MapItem, Rights, Tag};

use super::exchange::{self, Both, meet, strings, tag};
use super::shape::{Words, lay};
use super::shapes::{buffer, string};
use crate::harness::pair::{ORDERS, Order};
use crate::harness::partner::Partner;
use crate::harness::{Failure, Job, Outcome, arena, equal, hex, worker};

/// Nothing of the program is there.
const PLACE: u64 = 0x6000_0000;

fn target() -> u64 {
    arena::target() + 4096
}

/// What arrives are the sender's words: its addresses and lengths, not the receiver's.
pub(super) fn descriptors_are_the_senders() -> Outcome {
    arena::write(arena::source(), 8192, 30);
    let shape: &[&[super::shape::Part]] = &[&[(10, 3), (20, 2)], &[(30, 1)]];
    let items = lay(shape, arena::source(), 8192, false);
    let room = lay(&[&[(100, 1)], &[(17, 2)]], target(), 4096, true);
    for partner in exchange::partners()? {
        for order in ORDERS {
            let both = strings(partner, order, items.as_slice(), room.as_slice())?;
            both.succeed()?;
            let count = items.as_slice().len();
            equal("items", &both.receiver.mr[1..=count], items.as_slice())?;
            equal(
                "sender's items",
                &both.sender.mr[1..=count],
                items.as_slice(),
            )?;
        }
    }
    Ok(())
}

fn map_item(page: u64) -> [u64; 2] {
    MapItem {
        send_base: 0,
        fpage: Fpage::new(page, 12, Rights::READ_WRITE),
    }
    .words()
}

/// A window for one page at [`PLACE`].
fn window() -> u64 {
    Fpage::new(PLACE, 12, Rights::NONE).raw() & !0xF
}

/// Three words and these items, into a window and these buffers.
#[track_caller]
fn mixed(partner: Partner, items: &[u64], buffers: &[u64]) -> Result<Both, Failure> {
    let mut words = [0; 63];
    words[..3].copy_from_slice(&[31, 32, 33]);
    words[3..3 + items.len()].copy_from_slice(items);
    let tag = Tag::new(0x30, 3, items.len()).raw();
    let both = meet(
        partner,
        Order::ReceiverFirst,
        |to| Job::send(to).tag(tag).registers(1, &words),
        |from| Job::receive(from).accepting(window()).buffers(buffers),
    )?;
    both.succeed()?;
    hex("tag", both.receiver.mr[0], tag)?;
    let count = 3 + items.len();
    equal("words", &both.receiver.mr[1..=count], &words[..count])?;
    Ok(both)
}

/// Two strings and a map item in every order.
pub(super) fn mixed_with_words_and_map_items() -> Outcome {
    let page = arena::source() + 0x1_0000;
    let strings = [(arena::source(), 100), (arena::source() + 5000, 300)];
    arena::write(strings[0].0, 100, 31);
    arena::write(strings[1].0, 300, 32);
    for place in 0..3 {
        // A space of its own for each, so that the page is not there yet.
        let partner = exchange::partner(worker::away())?;
        arena::write(page, 4096, 33 + place as u64);
        arena::blank(target(), 1000);
        let mut items = Words::new();
        for index in 0..3 {
            if index == place {
                items = items.then(&map_item(page));
            }
            if let Some((address, length)) = strings.get(index) {
                items = items.then(&[length << 10, *address]);
            }
        }
        let buffers = buffer(100)
            .with_bits(0, CONTINUED)
            .simple(target() + 200, 300);
        mixed(partner, items.as_slice(), buffers.as_slice())?;
        arena::holds(target(), 100, 31, 0)?;
        arena::holds(target() + 200, 300, 32, 0)?;
        // The page is there: it can be sent from.
        let back = Words::new().simple(PLACE, 4096);
        let room = buffer(4096);
        super::exchange::strings(
            partner,
            Order::SenderFirst,
            back.as_slice(),
            room.as_slice(),
        )?
        .succeed()?;
        arena::holds(target(), 4096, 33 + place as u64, 0)?;
    }
    Ok(())
}

/// Items are carried out in their order: a string can go into the page that came before it.
pub(super) fn map_item_brings_the_buffer() -> Outcome {
    let partner = exchange::partner(worker::away())?;
    arena::write(arena::source(), 4000, 34);
    arena::blank(target(), 4096);
    let [first, second] = map_item(target());
    let items = [first, second, 4000 << 10, arena::source()];
    let room = Words::new().simple(PLACE + 50, 4000);
    mixed(partner, &items, room.as_slice())?;
    arena::holds(target() + 50, 4000, 34, 0)?;
    arena::is_blank(target(), 50)
}

/// Hints in items and in buffers change nothing.
pub(super) fn cache_hints() -> Outcome {
    arena::write(arena::source() + 4096, 3000, 35);
    for partner in exchange::partners()? {
        for hints in 0..16 {
            let items = string(3000).with_bits(0, (hints & 3) << 1);
            let room = buffer(3000).with_bits(0, hints >> 2 << 1);
            arena::blank(target(), 3000);
            let order = ORDERS[hints as usize % 2];
            let both = strings(partner, order, items.as_slice(), room.as_slice())?;
            both.succeed()?;
            hex("item", both.receiver.mr[1], items.as_slice()[0])?;
            arena::holds(target(), 3000, 35, 0)?;
        }
    }
    Ok(())
}

/// Sixteen buffers fill the buffer registers; one string can fill the message registers.
pub(super) fn as_many_as_fit() -> Outcome {
    arena::write(arena::source(), 8192, 36);
    let sixteen = [&[(10, 1)][..]; 16];
    let buffers = lay(&sixteen, target(), 4096, true);
    let sent = lay(&sixteen, arena::source(), 4096, false);
    let too_many = lay(&[&[(10, 1)][..]; 31], arena::source(), 4096, false);
    let long = lay(&[&[(3, 32), (5, 29)]], arena::source(), 4096, false);
    equal("words of the long string", long.as_slice().len(), 63)?;
    let long_room = lay(&[&[(8, 31)]], target(), 4096, true);
    for partner in exchange::partners()? {
        for order in ORDERS {
            exchange::as_modelled(partner, order, sent.as_slice(), buffers.as_slice())?;
            exchange::as_modelled(partner, order, too_many.as_slice(), buffers.as_slice())?;
            strings(partner, order, too_many.as_slice(), buffers.as_slice())?
                .overflow(160, tag(62))?;
            exchange::as_modelled(partner, order, long.as_slice(), long_room.as_slice())?;
        }
    }
    Ok(())
}

/// The bit that says that another buffer follows means nothing in a message.
pub(super) fn continuation_bit_of_an_item() -> Outcome {
    arena::write(arena::source() + 4096, 100, 37);
    for partner in exchange::partners()? {
        let items = string(100).with_bits(0, CONTINUED);
        let both = strings(
            partner,
            Order::ReceiverFirst,
            items.as_slice(),
            buffer(100).as_slice(),
        )?;
        both.succeed()?;
        hex("item", both.receiver.mr[1], items.as_slice()[0])?;
        arena::holds(target(), 100, 37, 0)?;
    }
    Ok(())
}

pub(super) fn words_alone_leave_buffers_alone() -> Outcome {
    arena::blank(target(), 4096);
    for partner in exchange::partners()? {
        for order in ORDERS {
            for count in [0, 7, 8, 63] {
                let room = buffer(4096);
                let both = meet(
                    partner,
                    order,
                    |to| Job::send(to).words(0x38, count, 5),
                    |from| Job::receive(from).buffers(room.as_slice()),
                )?;
                both.sender.ok()?;
                both.receiver.carries(0x38, count, 5, 0)?;
                hex("acceptor", both.receiver.acceptor, 1)?;
                equal("BR1, BR2", &both.receiver.br[..2], room.as_slice())?;
                arena::is_blank(target(), 4096)?;
            }
        }
    }
    Ok(())
}
