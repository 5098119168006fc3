//! Stage 4b: typed items. Map items are carried out. Every other item overflows, as the interface has it for items
//! that the receiver does not accept.

use pecan_abi::acceptor::Acceptor;
use pecan_abi::error::IpcCode;
use pecan_abi::item::{ItemKind, MapItem};
use pecan_abi::tag::Tag;
use pecan_abi::utcb::MESSAGE_REGISTERS;

use super::transfer::Cut;
use crate::space::map;
use crate::thread::{Field, Owned, Tcb};

const CUT: Cut = Cut(IpcCode::Overflow);

/// Transfers the typed items of a message whose words are there already; cut at the first that cannot be, and before
/// all of them if the message does not fit the message registers.
pub(super) fn transfer(sender: &Tcb, receiver: Owned, tag: Tag) -> Result<(), Cut> {
    let mut next = tag.untyped() + 1;
    let end = next + tag.typed();
    if end > MESSAGE_REGISTERS {
        return Err(CUT);
    }
    while next < end {
        let first = sender.utcb.get().mr(next);
        match ItemKind::of(first) {
            ItemKind::Map if next + 1 < end => {
                let words = [first, sender.utcb.get().mr(next + 1)];
                let item = MapItem::from_words(words).ok_or(CUT)?;
                map_item(sender, receiver, item)?;
                receiver.utcb.get().set_mr(next, words[0]);
                receiver.utcb.get().set_mr(next + 1, words[1]);
                next += 2;
            }
            _ => return Err(CUT),
        }
    }
    Ok(())
}

fn map_item(sender: &Tcb, receiver: Owned, item: MapItem) -> Result<(), Cut> {
    let window = Acceptor::from_raw(receiver.utcb.get().get(Field::BR0)).window();
    if window.is_nil() {
        return Err(CUT);
    }
    let (Some(from), Some(to)) = (sender.space(), receiver.space()) else {
        return Err(CUT);
    };
    map::item(from, to, item.send_base, item.fpage, window).map_err(|_| CUT)
}
