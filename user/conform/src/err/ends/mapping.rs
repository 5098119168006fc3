//! Ends for want of memory: the kernel has none for the pages that a message maps. Both sides see an overflow at that item.

use l4::IpcCode::Overflow;
use l4::abi::item::StringItem;
use l4::{
    Acceptor, Fpage, GrantItem, IoFpage, IpcError, MapItem, Phase, Rights, ThreadId, control,
    sigma0,
};

use crate::harness::pair::{ORDERS, Order, Pair, SIDES, Side, Transfer};
use crate::harness::raw::{self, DONE};
use crate::harness::script::{Act, Script};
use crate::harness::{Failure, Outcome, arena, board, check, equal, until, worker};
use crate::map::agent::MAP;
use crate::mem::pages::{FAR, give_back, use_up};
use crate::pf::touch;

/// The strings before and behind the item: places in both windows, length, text.
const FROM: u64 = 40;
const TO: u64 = 4096 + 8;
const BEHIND: u64 = 2 * 4096;
const LENGTH: u64 = 100;
const TEXT: u64 = 0x26;
/// The page of the sender's window that the item is about.
const PAGE: u64 = 5 * 4096;

/// Where the receiver has nothing, not even page tables.
const NEW: u64 = 2 * FAR;

/// The item: the page goes to this address.
fn page_item(pair: &Pair, grant: bool, send_base: u64) -> [u64; 2] {
    let fpage = Fpage::new(pair.source.at(PAGE), 12, Rights::READ_WRITE);
    if grant {
        GrantItem { send_base, fpage }.words()
    } else {
        MapItem { send_base, fpage }.words()
    }
}

fn has(thread: ThreadId, address: u64) -> bool {
    control::caching(thread, address).is_some()
}

/// A message with the item; with `string`, that goes before it, and another one behind it.
struct Case {
    grant: bool,
    string: bool,
}

impl Case {
    fn items(&self, pair: &Pair, to: u64) -> ([u64; 6], usize) {
        let [first, second] = page_item(pair, self.grant, to);
        let string = |offset| [StringItem::new(LENGTH, 1).raw(), pair.source.at(offset)];
        let [[a, b], [c, d]] = [FROM, BEHIND].map(string);
        if self.string {
            ([a, b, first, second, c, d], 6)
        } else {
            ([first, second, c, d, 0, 0], 4)
        }
    }

    /// Bytes before the item.
    fn offset(&self) -> u64 {
        if self.string { LENGTH } else { 0 }
    }
}

/// The message of `case` with the page for `to`, in each order; `ends` says what is to come of it.
#[track_caller]
fn send(pair: &Pair, case: &Case, to: u64, ends: impl Fn(&Transfer) -> Outcome) -> Outcome {
    let (items, count) = case.items(pair, to);
    let buffer = |offset| {
        [
            StringItem::new(LENGTH, 1).with_continued().raw(),
            pair.target.at(offset),
        ]
    };
    let [[a, b], [c, d]] = [TO, TO + BEHIND].map(buffer);
    for order in ORDERS {
        pair.prepare(FROM, TO, 3 * 4096, TEXT);
        let receive = pair
            .receive_into(&[a, b, c, d])
            .accepting(Fpage::COMPLETE.raw() | Acceptor::STRINGS);
        ends(&pair.begin(order, pair.send_items(&items[..count]), receive)?)?;
    }
    Ok(())
}

const CASES: [Case; 4] = [
    Case {
        grant: false,
        string: false,
    },
    Case {
        grant: false,
        string: true,
    },
    Case {
        grant: true,
        string: false,
    },
    Case {
        grant: true,
        string: true,
    },
];

/// Map and grant, whoever comes first, with strings around: what is before the item has arrived, nothing else has, and the
/// sender has its page. With memory the same message is whole.
pub(in super::super) fn item() -> Outcome {
    let pair = Pair::start()?;
    for side in SIDES {
        pair.has(side, 0..8)?;
    }
    // The first message goes wherever the later ones go, so that no page of the program is missing then.
    send(&pair, &CASES[1], FAR, |transfer| {
        transfer.succeeds().map(|_| ())
    })?;
    l4::memory::unmap(Fpage::new(pair.source.memory(PAGE), 12, Rights::FULL));
    pair.has(Side::Sender, [5])?;
    use_up()?;
    for case in &CASES {
        send(&pair, case, NEW, |transfer| {
            let offset = case.offset();
            transfer.is_cut(Overflow, Overflow, offset)?;
            pair.arrived(TO, offset, TEXT)?;
            arena::is_blank(pair.target.memory(TO + BEHIND), LENGTH)?;
            let got = transfer.receiver.result()?;
            let (items, _) = case.items(&pair, NEW);
            let before = offset as usize / LENGTH as usize * 2;
            equal("items before", &got.mr[1..=before], &items[..before])?;
            equal("the item", &got.mr[1 + before..3 + before], &[0; 2][..])?;
            check(
                "the sender has its page",
                has(pair.sender.id, pair.source.at(PAGE)),
            )?;
            check("the receiver has none", !has(pair.receiver.id, NEW))
        })?;
    }
    give_back();
    send(&pair, &CASES[1], NEW, |transfer| {
        transfer.succeeds()?;
        check("the receiver has it", has(pair.receiver.id, NEW))
    })
}

/// Ports that nobody else asks for; every second is given, so that each needs a node.
const PORTS: IoFpage = IoFpage::new(0x7000, 9);

/// An item of a port, behind a string: sooner or later there is no memory for the port.
pub(in super::super) fn ports() -> Outcome {
    if let Err(error) = sigma0::request_ports(PORTS) {
        return Err(Failure::new(format_args!("no ports: {error:?}")));
    }
    let pair = Pair::start_as(0, worker::here(), worker::away())?;
    // The sender's window is in the tests' own space: far from where others look, and gone afterwards.
    let pair = Pair {
        source: pair.source.moved_to(FAR),
        ..pair
    };
    for side in SIDES {
        pair.has(side, 0..4)?;
    }
    let give = |order, port| -> Result<Transfer, Failure> {
        pair.prepare(FROM, TO, LENGTH, TEXT);
        let item = [MAP, IoFpage::new(port, 0).raw()];
        let string = [StringItem::new(LENGTH, 1).raw(), pair.source.at(FROM)];
        let receive = pair
            .receive(TO, LENGTH)
            .accepting(Fpage::COMPLETE.raw() | Acceptor::STRINGS);
        let items = [string[0], string[1], item[0], item[1]];
        pair.begin(order, pair.send_items(&items), receive)
    };
    let mut next = PORTS.port();
    use_up()?;
    for order in ORDERS {
        let cut = loop {
            let port = next;
            next += 2;
            check("there is an end", port <= PORTS.last())?;
            let transfer = give(order, port)?;
            if transfer.sender.result()?.error != raw::UNTOUCHED {
                break transfer;
            }
        };
        cut.is_cut(Overflow, Overflow, LENGTH)?;
        pair.arrived(TO, LENGTH, TEXT)?;
    }
    give_back();
    give(ORDERS[0], PORTS.port())?.succeeds()?;
    // SAFETY: nothing but the test uses the window.
    unsafe { l4::memory::flush(Fpage::new(pair.source.at(0), 14, Rights::FULL)) };
    Ok(())
}

/// The pager is told that its answer was cut, and asked again.
#[track_caller]
fn answer_is_cut(pager: Script) -> Outcome {
    pager.until_held()?;
    let cut = IpcError::new(Phase::Send, Overflow);
    equal("answer", pager.release(Act::Map)?, Err(cut))?;
    pager.until_held()
}

/// Reads at [`FAR`].
fn read_far(_: u64) {
    board::put(60, touch::read(FAR));
    board::put(61, 1);
}

/// The answer to a page fault: the thread faults again, until there is memory.
pub(in super::super) fn fault() -> Outcome {
    let pager = Script::start(0)?.moved_to(FAR);
    pager.acts(&[Act::Hold; 3]);
    arena::write(pager.memory(0), 8, TEXT);
    let id = worker::start(worker::away().pager(pager.id), read_far, 0)?;
    pager.until_held()?;
    use_up()?;
    answer_is_cut(pager)?;
    answer_is_cut(pager)?;
    equal("faults", pager.faults(), 3)?;
    let [first, last] = [0, 2].map(|index| pager.fault(index));
    equal("the same fault", last, first)?;
    give_back();
    equal("answer", pager.release(Act::Map)?, Ok(()))?;
    until("it goes on", || board::get(61) == 1)?;
    let text = core::array::from_fn(|index| arena::letter(TEXT, index as u64));
    equal("what it read", board::get(60), u64::from_le_bytes(text))?;
    equal("deletion", raw::delete(id), DONE)
}

/// A pair in the middle of a string whose `side` has nothing at [`FAR`], where the string is; its pager has the fault.
#[track_caller]
fn begin_far(first: usize, side: Side) -> Result<(Pair, Transfer), Failure> {
    let pair = Pair::start_as(first, worker::away(), worker::away())?;
    let pair = match side {
        Side::Sender => Pair {
            source: pair.source.moved_to(FAR),
            ..pair
        },
        Side::Receiver => Pair {
            target: pair.target.moved_to(FAR),
            ..pair
        },
    };
    for each in SIDES.into_iter().filter(|each| *each != side) {
        pair.has(each, [0, 1])?;
    }
    pair.prepare(FROM, TO, LENGTH, TEXT);
    pair.pager_of(side).acts(&[Act::Hold; 3]);
    let (send, receive) = (pair.send(FROM, LENGTH), pair.receive(TO, LENGTH));
    let transfer = pair.begin(Order::ReceiverFirst, send, receive)?;
    pair.pager_of(side).until_held()?;
    Ok((pair, transfer))
}

/// The same in the middle of a string, at the side that copies and at the other: it is whole when there is memory.
pub(in super::super) fn nested() -> Outcome {
    let both = [
        (Side::Sender, begin_far(0, Side::Sender)?),
        (Side::Receiver, begin_far(2, Side::Receiver)?),
    ];
    // Using up the memory takes a while, so only once.
    use_up()?;
    for (side, (pair, _)) in both {
        answer_is_cut(pair.pager_of(side))?;
        answer_is_cut(pair.pager_of(side))?;
    }
    give_back();
    for (side, (pair, transfer)) in both {
        let answer = pair.pager_of(side).release(Act::Map)?;
        equal("answer", answer, Ok(()))?;
        transfer.succeeds()?;
        pair.arrived(TO, LENGTH, TEXT)?;
    }
    Ok(())
}
