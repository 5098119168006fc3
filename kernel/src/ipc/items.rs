//! Stage 4b: typed items. Map and grant items are carried out, strings are copied. Every other item overflows, as the
//! interface has it for items that the receiver does not accept.

use pecan_abi::acceptor::Acceptor;
use pecan_abi::fpage::{Fpage, IoFpage};
use pecan_abi::item::ItemKind;
use pecan_abi::tag::Tag;
use pecan_abi::utcb::MESSAGE_REGISTERS;

use super::strings::Strings;
use super::transfer::{Cut, Mover, store};
use crate::space::map::{self, Mode};
use crate::space::ports;
use crate::thread::{Field, Owned, Tcb};

/// Transfers the typed items of a message whose words are there already; cut at the first that cannot be, and before
/// all of them if the message does not fit the message registers.
pub(super) fn transfer(sender: &Tcb, receiver: Owned, tag: Tag, mover: Mover) -> Result<(), Cut> {
    let mut strings = Strings::new(sender, receiver, tag, mover);
    let first = tag.untyped() + 1;
    let end = first + tag.typed();
    let whole = if end > MESSAGE_REGISTERS {
        Err(strings.cut())
    } else {
        each(sender, receiver, first, end, &mut strings)
    };
    strings.finish();
    whole
}

#[inline]
fn each(
    sender: &Tcb,
    receiver: Owned,
    mut next: usize,
    end: usize,
    strings: &mut Strings,
) -> Result<(), Cut> {
    while next < end {
        let first = sender.message.get().mr(next);
        match ItemKind::of(first) {
            kind @ (ItemKind::Map | ItemKind::Grant) if next + 1 < end => {
                let words = [first, sender.message.get().mr(next + 1)];
                let mode = if kind == ItemKind::Grant {
                    Mode::Grant
                } else {
                    Mode::Map
                };
                page_item(sender, receiver, words, mode, strings)?;
                store(receiver, next, words[0]);
                store(receiver, next + 1, words[1]);
                next += 2;
            }
            ItemKind::String => next = strings.item(sender, receiver, next, end)?,
            _ => return Err(strings.cut()),
        }
    }
    Ok(())
}

/// Cut if the receiver does not take it, there is no memory, or the transfer is broken off in a pause.
#[inline(never)]
fn page_item(
    sender: &Tcb,
    receiver: Owned,
    words: [u64; 2],
    mode: Mode,
    strings: &mut Strings,
) -> Result<(), Cut> {
    let window = Acceptor::from_raw(receiver.message.get().get(Field::BR0)).window();
    let spaces = sender.space().zip(receiver.space());
    let Some((from, to)) = spaces.filter(|_| !window.is_nil()) else {
        return Err(strings.cut());
    };
    let (send_base, page) = (words[0] & !0x3FF, Fpage::from_raw(words[1]));
    if let Some(page) = IoFpage::from_fpage(page) {
        let mut stale = false;
        let done = ports::item(from, to, page, window, mode, &mut stale);
        let done = done.map_err(|_| strings.cut());
        return settled(strings, receiver, stale, done);
    }
    let names = (sender.space_name(), receiver.space_name());
    let (mut broken, mut stale) = (None, false);
    let done = map::item(
        (from, to),
        send_base,
        page,
        window,
        mode,
        &mut stale,
        || {
            broken = strings.pause().err();
            // Either may have been moved to another space, and its old one have ended.
            broken.is_none() && names == (sender.space_name(), receiver.space_name())
        },
    );
    let done = match (done, broken) {
        (_, Some(cut)) => Err(cut),
        (Err(_), None) => Err(strings.cut()),
        (Ok(()), None) => Ok(()),
    };
    settled(strings, receiver, stale, done)
}

/// What became of an item, when no CPU has any more what it took away, if it did.
#[inline]
fn settled(
    strings: &mut Strings,
    receiver: Owned,
    stale: bool,
    done: Result<(), Cut>,
) -> Result<(), Cut> {
    if stale {
        strings.settle(receiver, done)
    } else {
        done
    }
}
