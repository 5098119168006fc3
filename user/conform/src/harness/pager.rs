//! A pager for tests: serves the program's image like the library's. In a window of addresses where
//! nothing is, and for I/O ports, it notes what it is told and does what the test has ordered.

use l4::abi::exregs;
use l4::abi::protocol::{IoFault, PageFault};
use l4::ipc::Received;
use l4::syscall::Registers;
use l4::{Fpage, MapItem, Message, Rights, ThreadId};

use super::{Failure, board, raw, worker};

/// First address of the window. Nothing of the program is there.
pub(crate) const WINDOW: u64 = 0x4000_0000;

/// Board words: what the pager notes about the last fault outside the image; of ports, ADDRESS is the
/// fpage.
pub(crate) const COUNT: usize = 1000;
pub(crate) const TAG: usize = 1001;
pub(crate) const ADDRESS: usize = 1002;
pub(crate) const IP: usize = 1003;
pub(crate) const FROM: usize = 1004;
/// Board words: the order. After this many empty answers ([`EMPTY`]) the answer is the map item in
/// two words at [`ITEM`], or none at all if that is zero.
pub(crate) const EMPTY: usize = 1010;
pub(crate) const ITEM: usize = 1011;
/// Board word: not zero: a thread that faults at a port gets no answer, but goes on so many bytes later.
pub(crate) const SKIP: usize = 1013;

/// Starts the pager in the root task's space.
#[track_caller]
pub(crate) fn start() -> Result<ThreadId, Failure> {
    worker::start(worker::here().priority(150), |_| serve(), 0)
}

/// Orders what to map at the next fault outside the image: `source` (an address in this program)
/// with `rights`, one page.
pub(crate) fn order(fault_page: u64, source: u64, rights: Rights) {
    order_item(MapItem {
        send_base: fault_page,
        fpage: Fpage::new(source, 12, rights),
    });
}

/// Orders a map item.
pub(crate) fn order_item(item: MapItem) {
    let [first, second] = item.words();
    board::put(ITEM + 1, second);
    board::put(ITEM, first);
}

fn serve() -> ! {
    l4::server::serve(answer)
}

fn answer(request: &Received) -> Option<Message> {
    let message = &request.message;
    let words = [message.tag().raw(), message.word_at(0), message.word_at(1)];
    if let Some(IoFault { ports, ip }) = IoFault::from_words(words) {
        let skip = board::get(SKIP);
        let answer = ordered(request, ports.raw(), ip);
        return match skip {
            0 => answer,
            bytes => go_on(request.from, ip + bytes),
        };
    }
    let fault = PageFault::from_words(words)?;
    match l4::pager::map_item(fault) {
        Some(_) => l4::pager::answer(request),
        None => ordered(request, fault.address, fault.ip),
    }
}

/// Ends the fault of `thread`, which goes on at `ip`.
fn go_on(thread: ThreadId, ip: u64) -> Option<Message> {
    let registers = Registers {
        control: exregs::SET_IP | exregs::SEND | exregs::RECEIVE,
        ip,
        ..Registers::default()
    };
    raw::exchange(thread.raw(), registers);
    None
}

fn ordered(request: &Received, address: u64, ip: u64) -> Option<Message> {
    // Who sees the count may give the next order.
    let [empty, item, end] = [EMPTY, ITEM, ITEM + 1].map(board::get);
    board::put(TAG, worker::as_if_near(request.message.tag().raw()));
    board::put(ADDRESS, address);
    board::put(IP, ip);
    board::put(FROM, request.from.raw());
    let seen = board::add(COUNT, 1);
    if seen < empty {
        return Some(Message::new(0));
    }
    (item != 0).then(|| Message::new(0).typed_words(&[item, end]))
}
