//! What handlers answer, and what becomes of them.

use l4::abi::acceptor::Acceptor;
use l4::abi::item::StringItem;
use l4::abi::protocol::exception as mr;
use l4::abi::schedule::ThreadState;
use l4::exception::Exception;
use l4::syscall::Registers;
use l4::{Fpage, MapItem, Message, Rights, Tag, ThreadId, ipc, thread, utcb};

use super::handler::{self, RESULT};
use super::raise;
use crate::harness::{Failure, Outcome, board, equal, hex, raw, until, worker};
use crate::pf::touch;

/// The next exception for this thread, from whom, and all words.
#[track_caller]
fn next() -> Result<(ThreadId, Exception), Failure> {
    let received = ipc::receive_within(ThreadId::ANY, crate::harness::SOON)?;
    match Exception::from_message(&received.message) {
        Some(exception) => Ok((received.from, exception)),
        None => Err(Failure::new(format_args!(
            "no exception: {:?}",
            received.message.tag()
        ))),
    }
}

/// Answers the exception of `id`, which must wait for it.
#[track_caller]
fn answer(id: ThreadId, message: &Message) -> Outcome {
    Ok(ipc::send_within(id, message, l4::Time::ZERO)?)
}

/// Every register by itself: the handler changes one, and the thread has that changed and all others as before.
pub(super) fn each_register() -> Outcome {
    for (number, before) in raise::EXPECTED {
        board::put(RESULT, 0);
        handler::provoke(worker::away(), thread::myself(), raise::report_registers)?;
        let (id, mut exception) = next()?;
        equal("before", exception.get(number), before)?;
        exception.set(number, before ^ 0xFFFF_0000_FFFF_0000);
        exception.set(mr::RIP, exception.get(mr::RIP) + 2);
        answer(id, &exception.answer())?;
        until("the thread goes on", || board::get(RESULT) != 0)?;
        for (other, value) in raise::EXPECTED {
            let expected = if other == number {
                value ^ 0xFFFF_0000_FFFF_0000
            } else {
                value
            };
            hex(
                raise::name(other),
                board::get(raise::REPORT + other),
                expected,
            )?;
        }
    }
    Ok(())
}

/// Fewer words than the flags' place: nothing is taken over, and the instruction is executed again.
pub(super) fn short_answers() -> Outcome {
    handler::provoke(worker::away(), thread::myself(), raise::report_registers)?;
    let (id, first) = next()?;
    for count in [0, 1, 7, 8, 17] {
        let words = [0xDEAD_0000_0000; 17];
        answer(id, &Message::new(0).words(&words[..count]))?;
        let (_, again) = next()?;
        equal("the same exception", again, first)?;
    }
    let mut changed = first;
    changed.set(mr::RIP, first.get(mr::RIP) + 2);
    let words: [u64; 18] = core::array::from_fn(|index| changed.get(index + 1));
    answer(id, &Message::new(0).words(&words))?;
    until("18 words are enough", || board::get(RESULT) != 0)
}

/// Words beyond the nineteenth are dropped: message registers of the thread stay.
pub(super) fn long_answer() -> Outcome {
    worker::start(
        worker::away(),
        handler::fill_and_raise,
        thread::myself().raw(),
    )?;
    let (id, mut exception) = next()?;
    exception.set(mr::RIP, exception.get(mr::RIP) + 2);
    answer(id, &exception.answer().words(&[0xBAD; 44]))?;
    until("the thread goes on", || board::get(RESULT) != 0)?;
    equal("message registers unchanged", board::get(RESULT), 64)
}

/// The page that a handler may map, where nothing is.
const WINDOW: u64 = crate::harness::pager::WINDOW;

fn accept_a_page(handler: u64) {
    utcb::my().set_exception_handler(ThreadId::from_raw(handler));
    // SAFETY: nothing of the program is in the window.
    unsafe { utcb::my().set_br(0, Fpage::new(WINDOW, 12, Rights::NONE).raw()) };
    raise::undefined();
    board::put(RESULT, touch::read(WINDOW));
}

/// A map item counts if the thread accepts one at that moment.
pub(super) fn answer_with_a_page() -> Outcome {
    let page = touch::page(0, 0x5151);
    worker::start(worker::away(), accept_a_page, thread::myself().raw())?;
    let (id, mut exception) = next()?;
    exception.set(mr::RIP, exception.get(mr::RIP) + 2);
    let item = MapItem {
        send_base: 0,
        fpage: Fpage::new(page, 12, Rights::READ),
    };
    answer(id, &exception.answer().map(item))?;
    until("the thread goes on", || board::get(RESULT) != 0)?;
    hex("what it reads", board::get(RESULT), 0x5151)
}

/// The thread's own buffer registers: a string of up to 64 bytes, to `address`.
pub(crate) fn accept_a_string(address: u64) {
    let words = [Acceptor::STRINGS, StringItem::new(64, 1).raw(), address];
    for (index, word) in words.into_iter().enumerate() {
        // SAFETY: what is written there is a page for that.
        unsafe { utcb::my().set_br(index, word) };
    }
}

fn raise_with_a_buffer(handler: u64) {
    utcb::my().set_exception_handler(ThreadId::from_raw(handler));
    accept_a_string(touch::page(0, 0));
    raise::undefined();
    board::put(RESULT, touch::read(touch::pages()));
}

/// A string counts if the thread accepts one, and goes to the thread's own buffer.
pub(super) fn answer_with_a_string() -> Outcome {
    for plan in [worker::here(), worker::away()] {
        let source = touch::page(1, 0x7171);
        board::put(RESULT, 0);
        worker::start(plan, raise_with_a_buffer, thread::myself().raw())?;
        let (id, mut exception) = next()?;
        exception.set(mr::RIP, exception.get(mr::RIP) + 2);
        let string = [StringItem::new(8, 1).raw(), source];
        answer(id, &exception.answer().typed_words(&string))?;
        until("the thread goes on", || board::get(RESULT) != 0)?;
        hex("what it reads", board::get(RESULT), 0x7171)?;
    }
    Ok(())
}

/// A thread that accepts nothing: the answer is cut for both, and the thread stops with its registers as they were.
pub(super) fn answer_that_is_cut() -> Outcome {
    let string = [0x400u64, WINDOW];
    let map = MapItem {
        send_base: 0,
        fpage: Fpage::new(touch::page(0, 1), 12, Rights::READ),
    }
    .words();
    for item in [map, string] {
        let id = handler::provoke(worker::away(), thread::myself(), raise::report_registers)?;
        let (_, exception) = next()?;
        let message = exception.answer().typed_words(&item);
        let cut = ipc::send_within(id, &message, l4::Time::ZERO);
        equal(
            "the handler's error",
            cut.map_err(|error| error.raw()),
            Err(8),
        )?;
        worker::until_state(id, ThreadState::Inactive)?;
        let (_, old) = raw::control(id, 0);
        hex("IP", old.ip, exception.get(mr::RIP))?;
        equal("deletion", raw::delete(id), raw::DONE)?;
    }
    Ok(())
}

/// The handler ends while the thread waits for its answer.
pub(super) fn handler_killed() -> Outcome {
    for plan in [worker::here(), worker::away()] {
        let handler = worker::start(
            worker::here(),
            |_| {
                let _ = ipc::wait();
                ipc::park()
            },
            0,
        )?;
        worker::until_waiting(&[handler])?;
        let id = handler::provoke(plan, handler, raise::undefined)?;
        worker::until_waiting(&[id])?;
        equal("deletion", raw::delete(handler), raw::DONE)?;
        worker::until_state(id, ThreadState::Inactive)?;
        equal("it did not go on", board::get(RESULT), 0)?;
    }
    Ok(())
}

fn raise_for_a_local_handler(handler: u64) {
    utcb::my().set_exception_handler(ThreadId::from_raw(handler));
    raise::undefined();
    board::put(RESULT, 1);
}

/// The handler may be named by its local id, and sees the thread's.
pub(super) fn local_handler() -> Outcome {
    let me = utcb::my().local_id();
    let id = worker::start(worker::here(), raise_for_a_local_handler, me.raw())?;
    let (from, mut exception) = next()?;
    equal("from", from, crate::harness::regular::local(id)?)?;
    exception.set(mr::RIP, exception.get(mr::RIP) + 2);
    answer(from, &exception.answer())?;
    until("the thread goes on", || board::get(RESULT) == 1)
}

/// ExchangeRegisters takes a thread out of its exception: it goes on where that says, once.
pub(super) fn taken_out() -> Outcome {
    let id = handler::provoke(worker::here(), thread::myself(), raise::undefined)?;
    let (_, exception) = next()?;
    let (_, old) = raw::control(id, l4::abi::exregs::RECEIVE);
    hex("receiving", old.control, l4::abi::exregs::RECEIVE)?;
    let (_, again) = next()?;
    equal("at the same place again", again, exception)?;
    let new = Registers {
        control: l4::abi::exregs::SET_IP | l4::abi::exregs::RECEIVE,
        ip: raise::report_and_park as *const () as u64,
        ..Registers::default()
    };
    raw::exchange(id.raw(), new);
    until("it runs there", || board::get(RESULT) != 0)
}

/// The tag and the length of the message are what handlers count on: the error code is not told.
pub(super) fn message_length() -> Outcome {
    let id = handler::provoke(worker::away(), thread::myself(), raise::int_80)?;
    utcb::my().set_mr(20, 0x5EED);
    let received = ipc::receive_within(id, crate::harness::SOON)?;
    equal("words", received.message.untyped().len(), 19)?;
    hex(
        "tag",
        worker::as_if_near(received.message.tag().raw()),
        0xFFFF_FFFF_FFB0_0013,
    )?;
    hex("MR20 of the handler", utcb::my().mr(20), 0x5EED)?;
    equal(
        "tag",
        Tag::from_raw(received.message.tag().raw()).typed(),
        0,
    )
}
