//! What the pager's answers do.

use l4::abi::item::StringItem;
use l4::abi::layout::UTCB_AREA;
use l4::abi::schedule::ThreadState;
use l4::thread::Builder;
use l4::{Fpage, MapItem, Message, Rights, Tag, ThreadId, Time, ipc, schedule, thread, utcb};

use super::touch;
use crate::exc::accept_a_string;
use crate::harness::pager::{self, ADDRESS, COUNT, EMPTY, TAG, WINDOW};
use crate::harness::regular::spin;
use crate::harness::{Job, Outcome, SOON, board, equal, hex, pause, raw, until, worker};

const GO: usize = 20;
const RESULT: usize = 21;

fn read(address: u64) {
    board::put(RESULT, touch::read(address));
    board::put(GO, 1);
}

fn away_under(pager: ThreadId) -> Builder {
    worker::away().pager(pager)
}

#[track_caller]
fn done() -> Outcome {
    until("the thread goes on", || board::get(GO) == 1)
}

pub(super) fn empty_answer_faults_again() -> Outcome {
    board::put(EMPTY, 5);
    pager::order(WINDOW, touch::page(0, 9), Rights::READ);
    worker::start(away_under(pager::start()?), read, WINDOW)?;
    done()?;
    equal("faults", board::get(COUNT), 6)?;
    hex("what it read", board::get(RESULT), 9)
}

/// Takes its pager away, then faults.
fn fault_alone(address: u64) {
    utcb::my().set_pager(ThreadId::from_raw(board::get(30)));
    board::put(31, 1);
    touch::read(address);
    board::put(GO, 1);
}

/// The thread gets nowhere; nobody else is hurt, and it can be deleted.
#[track_caller]
fn faults_alone(pager: ThreadId) -> Outcome {
    board::put(30, pager.raw());
    let id = worker::start(worker::away(), fault_alone, WINDOW)?;
    worker::start(worker::here(), spin, 0)?;
    until("the fault is near", || board::get(31) == 1)?;
    let then = board::get(0);
    until("others run", || board::get(0) > then)?;
    pause(20_000);
    equal("it did not go on", board::get(GO), 0)?;
    equal("deletion", raw::delete(id), raw::DONE)
}

pub(super) fn no_pager() -> Outcome {
    faults_alone(ThreadId::NIL)
}

pub(super) fn dead_pager() -> Outcome {
    faults_alone(crate::harness::ids::fresh())?;
    board::put(31, 0);
    faults_alone(ThreadId::ANY)
}

fn read_then_write(address: u64) {
    board::put(RESULT, touch::read(address));
    board::put(GO, 1);
    until("the new order", || board::get(GO) == 2).ok();
    touch::write(address, 0x99);
    board::put(GO, 3);
}

/// A read-only page faults on a write; the same page with more rights ends that.
pub(super) fn rights_grow() -> Outcome {
    let source = touch::page(1, 0x11);
    pager::order(WINDOW, source, Rights::READ);
    worker::start(away_under(pager::start()?), read_then_write, WINDOW)?;
    done()?;
    equal("faults", board::get(COUNT), 1)?;
    pager::order(WINDOW, source, Rights::READ_WRITE);
    board::put(GO, 2);
    until("the write", || board::get(GO) == 3)?;
    equal("faults", board::get(COUNT), 2)?;
    hex("access", board::get(TAG) >> 16 & 7, 2)?;
    hex("address", board::get(ADDRESS), WINDOW)?;
    hex("what it wrote", touch::read(source), 0x99)
}

fn read_with_a_buffer(pager: u64) {
    accept_a_string(touch::page(0, 0));
    let before = utcb::my().br(0);
    // The first time brings all pages that the second one needs beside the one in question.
    for (pager, address) in [
        (utcb::my().pager(), touch::pages()),
        (ThreadId::from_raw(pager), WINDOW),
    ] {
        utcb::my().set_pager(pager);
        board::put(RESULT, touch::read(address));
        // What the kernel accepted meanwhile is not to be seen.
        let same = utcb::my().br(0) == before;
        board::put(GO, u64::from(same && address == WINDOW));
    }
}

/// A fault has no use for a string, whatever its thread accepts: the answer is cut, and the thread faults again.
pub(super) fn string_is_cut() -> Outcome {
    let source = touch::page(1, 0x33);
    worker::start(worker::away(), read_with_a_buffer, thread::myself().raw())?;
    let first = ipc::receive_within(ThreadId::ANY, SOON)?;
    let string = Message::new(0).typed_words(&[StringItem::new(8, 1).raw(), source]);
    let cut = ipc::send_within(first.from, &string, Time::ZERO);
    equal("error", cut.map_err(|error| error.raw()), Err(8))?;
    let again = ipc::receive_within(first.from, SOON)?;
    equal("words", again.message.untyped(), first.message.untyped())?;
    let item = MapItem {
        send_base: WINDOW,
        fpage: Fpage::new(source, 12, Rights::READ),
    };
    ipc::send_within(first.from, &Message::new(0).map(item), Time::ZERO)?;
    done()?;
    hex("what it read", board::get(RESULT), 0x33)?;
    hex("its buffer", touch::read(touch::pages()), 0)
}

fn read_all(address: u64) {
    let sum = (0..16)
        .map(|page| touch::read(address + 4096 * page) << page)
        .sum();
    board::put(RESULT, sum);
    board::put(GO, 1);
}

/// 64 KiB come with one item.
pub(super) fn large_page() -> Outcome {
    for index in 0..16 {
        touch::page(index, 1);
    }
    let fpage = Fpage::new(touch::pages(), 16, Rights::READ);
    pager::order_item(MapItem {
        send_base: WINDOW,
        fpage,
    });
    worker::start(away_under(pager::start()?), read_all, WINDOW)?;
    done()?;
    hex("what it read", board::get(RESULT), 0xFFFF)?;
    equal("faults", board::get(COUNT), 1)
}

/// A page goes to the place in the window that the send base says.
pub(super) fn window_and_send_base() -> Outcome {
    let pager = pager::start()?;
    let window = Fpage::new(WINDOW + 0x10_0000, 14, Rights::NONE).raw() & !0xF;
    let receiver = Job::receive(ThreadId::ANY)
        .accepting(window)
        .start(away_under(pager))?;
    worker::until_waiting(&[receiver.id])?;
    let fpage = Fpage::new(touch::page(2, 0x22), 12, Rights::READ);
    let [first, second] = MapItem {
        send_base: 0x2000,
        fpage,
    }
    .words();
    let tag = Tag::new(1, 0, 2).raw();
    Job::send(receiver.id)
        .tag(tag)
        .registers(1, &[first, second])
        .within(SOON, SOON)
        .now()
        .ok()?;
    let got = receiver.result()?;
    hex("tag", got.mr[0], tag)?;
    equal("item", (got.mr[1], got.mr[2]), (first, second))?;
    let reader = worker::here().in_space_of(receiver.id).pager(pager);
    worker::start(reader, read, WINDOW + 0x10_2000)?;
    done()?;
    hex("what it read", board::get(RESULT), 0x22)?;
    equal("faults", board::get(COUNT), 0)
}

/// A space that got a page to read cannot give it away to write.
pub(super) fn rights_are_not_made_up() -> Outcome {
    let pager = pager::start()?;
    let source = touch::page(3, 0x33);
    pager::order(WINDOW, source, Rights::READ);
    let giver = worker::start(away_under(pager), read, WINDOW)?;
    done()?;
    let window = Fpage::COMPLETE.raw();
    let taker = Job::receive(ThreadId::ANY)
        .accepting(window)
        .start(away_under(pager))?;
    worker::until_waiting(&[taker.id])?;
    let item = MapItem {
        send_base: WINDOW,
        fpage: Fpage::new(WINDOW, 12, Rights::FULL),
    }
    .words();
    let gift = Job::send(taker.id)
        .tag(Tag::new(1, 0, 2).raw())
        .registers(1, &item);
    gift.start(worker::here().in_space_of(giver).pager(pager))?
        .result()?
        .ok()?;
    board::put(COUNT, 0);
    board::put(pager::ITEM, 0);
    let write = |address| touch::write(address, 0xBAD);
    worker::start(
        worker::here().in_space_of(taker.id).pager(pager),
        write,
        WINDOW,
    )?;
    until("a fault", || board::get(COUNT) == 1)?;
    hex("access", board::get(TAG) >> 16 & 7, 2)?;
    hex("the page", touch::read(source), 0x33)
}

/// UTCBs and the kernel interface page are not memory that can be given away.
pub(super) fn kernel_areas_are_not_mapped() -> Outcome {
    let pager = pager::start()?;
    for source in [UTCB_AREA, l4::abi::layout::KIP_ADDRESS] {
        board::put(COUNT, 0);
        board::put(EMPTY, 0);
        pager::order(WINDOW, source, Rights::READ);
        let id = worker::start(away_under(pager), read, WINDOW)?;
        until("it faults again", || board::get(COUNT) >= 3)?;
        equal("it did not go on", board::get(GO), 0)?;
        equal("deletion", raw::delete(id), raw::DONE)?;
    }
    Ok(())
}

fn read_with_full_registers(address: u64) {
    for index in 0..64 {
        utcb::my().set_mr(index, 0xB000 + index as u64);
    }
    touch::read(address);
    let good = (0..64)
        .filter(|index| utcb::my().mr(*index) == 0xB000 + *index as u64)
        .count();
    board::put(RESULT, good as u64);
    board::put(GO, 1);
}

/// The pager aborts the faulting thread instead of answering: the fault comes once more.
pub(super) fn aborted_fault_is_raised_again() -> Outcome {
    let pager = pager::start()?;
    let id = worker::start(away_under(pager), read_with_full_registers, WINDOW)?;
    until("a fault", || board::get(COUNT) == 1)?;
    worker::until_waiting(&[id])?;
    pager::order(WINDOW, touch::page(0, 1), Rights::READ);
    thread::abort_ipc(id)?;
    done()?;
    equal("faults", board::get(COUNT), 2)?;
    equal("message registers unchanged", board::get(RESULT), 64)
}

fn read_twice(address: u64) {
    board::put(RESULT, touch::read(address));
    board::put(GO, 1);
    // The thread waits for the other mapping, which comes by message to a thread of its space.
    until("another mapping", || board::get(GO) == 2).ok();
    board::put(RESULT, touch::read(address));
    board::put(GO, 3);
}

/// A page mapped where another one is takes its place.
pub(super) fn mapping_replaces() -> Outcome {
    let pager = pager::start()?;
    pager::order(WINDOW, touch::page(0, 0xA), Rights::READ);
    let reader = worker::start(away_under(pager), read_twice, WINDOW)?;
    done()?;
    hex("before", board::get(RESULT), 0xA)?;
    let window = Fpage::COMPLETE.raw();
    let taker = worker::here().in_space_of(reader).pager(pager);
    let taker = Job::receive(ThreadId::ANY).accepting(window).start(taker)?;
    worker::until_waiting(&[taker.id])?;
    let fpage = Fpage::new(touch::page(1, 0xB), 12, Rights::READ);
    let item = MapItem {
        send_base: WINDOW,
        fpage,
    }
    .words();
    let tag = Tag::new(1, 0, 2).raw();
    Job::send(taker.id)
        .tag(tag)
        .registers(1, &item)
        .within(SOON, SOON)
        .now()
        .ok()?;
    taker.result()?.ok()?;
    board::put(GO, 2);
    until("the second read", || board::get(GO) == 3)?;
    hex("after", board::get(RESULT), 0xB)
}

/// Threads that wait for their pager can be deleted, and so can a pager with threads that wait: they stop.
pub(super) fn deleted_while_faulting() -> Outcome {
    let pager = pager::start()?;
    let first = worker::start(away_under(pager), read, WINDOW)?;
    let second = worker::start(away_under(pager), read, WINDOW)?;
    until("two faults", || board::get(COUNT) == 2)?;
    worker::until_waiting(&[first, second])?;
    equal(
        "deletion of a faulting thread",
        raw::delete(first),
        raw::DONE,
    )?;
    equal("deletion of the pager", raw::delete(pager), raw::DONE)?;
    worker::start(worker::here(), spin, 0)?;
    until("others run", || board::get(0) > 0)?;
    equal(
        "the other",
        schedule::state(second),
        Ok(ThreadState::Inactive),
    )?;
    equal("deletion of the other", raw::delete(second), raw::DONE)
}

/// An item whose source is not mapped maps nothing; the message is delivered.
pub(super) fn item_of_what_is_not_there() -> Outcome {
    let pager = pager::start()?;
    pager::order(WINDOW, WINDOW + 0x80_0000, Rights::READ);
    worker::start(away_under(pager), read, WINDOW)?;
    until("it faults again", || board::get(COUNT) >= 3)?;
    equal("it did not go on", board::get(GO), 0)
}
