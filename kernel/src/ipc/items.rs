//! Stage 4b: typed items. Map and grant items are carried out. Every other item overflows, as the interface has it for items
//! that the receiver does not accept.

use pecan_abi::acceptor::Acceptor;
use pecan_abi::error::IpcCode;
use pecan_abi::fpage::Fpage;
use pecan_abi::item::ItemKind;
use pecan_abi::tag::Tag;
use pecan_abi::utcb::MESSAGE_REGISTERS;

use super::transfer::Cut;
use crate::space::map::{self, Mode};
use crate::thread::{Field, Owned, Tcb};

const CUT: Cut = Cut(IpcCode::Overflow);

/// Transfers the typed items of a message whose words are there already; cut at the first that cannot be, and before
/// all of them if the message does not fit the message registers.
#[inline(never)]
pub(super) fn transfer(sender: &Tcb, receiver: Owned, tag: Tag) -> Result<(), Cut> {
    let mut next = tag.untyped() + 1;
    let end = next + tag.typed();
    if end > MESSAGE_REGISTERS {
        return Err(CUT);
    }
    while next < end {
        let first = sender.utcb.get().mr(next);
        match ItemKind::of(first) {
            kind @ (ItemKind::Map | ItemKind::Grant) if next + 1 < end => {
                let words = [first, sender.utcb.get().mr(next + 1)];
                let mode = if kind == ItemKind::Grant {
                    Mode::Grant
                } else {
                    Mode::Map
                };
                page_item(sender, receiver, words, mode)?;
                receiver.utcb.get().set_mr(next, words[0]);
                receiver.utcb.get().set_mr(next + 1, words[1]);
                next += 2;
            }
            _ => return Err(CUT),
        }
    }
    Ok(())
}

fn page_item(sender: &Tcb, receiver: Owned, words: [u64; 2], mode: Mode) -> Result<(), Cut> {
    let window = Acceptor::from_raw(receiver.utcb.get().get(Field::BR0)).window();
    if window.is_nil() {
        return Err(CUT);
    }
    let (Some(from), Some(to)) = (sender.space(), receiver.space()) else {
        return Err(CUT);
    };
    let (send_base, page) = (words[0] & !0x3FF, Fpage::from_raw(words[1]));
    map::item(from, to, send_base, page, window, mode).map_err(|_| CUT)
}
