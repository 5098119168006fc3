//! An exception handler that notes the message and answers as ordered.

use l4::abi::protocol::{EXCEPTION_TAG, exception as mr};
use l4::ipc::Received;
use l4::thread::Builder;
use l4::{Message, ThreadId, utcb};

use super::raise;
use crate::harness::{Failure, board, worker};

/// Board words: how many exceptions, from whom the last, its message from the tag on.
pub(super) const COUNT: usize = 40;
pub(super) const FROM: usize = 41;
pub(super) const FIRST: usize = 50;
/// Board word: what threads report that go on.
pub(super) const RESULT: usize = 42;
/// Board word: how to answer. Zero: not at all.
pub(super) const CHANGE: usize = 43;

/// All registers get [`raise::ordered`] values; goes on two bytes later.
pub(super) const NEW_REGISTERS: u64 = 1;
/// All bits of RFLAGS but the trap flag are set; goes on two bytes later.
pub(super) const ALL_FLAGS: u64 = 2;
/// Goes on two bytes later.
pub(super) const SKIP_TWO: u64 = 3;

/// Starts the handler in the root task's space.
#[track_caller]
pub(super) fn start() -> Result<ThreadId, Failure> {
    worker::start(
        worker::here().priority(150),
        |_| l4::server::serve(answer),
        0,
    )
}

fn answer(request: &Received) -> Option<Message> {
    let message = &request.message;
    board::put(FIRST, worker::as_if_near(message.tag().raw()));
    for (index, word) in message.untyped().iter().enumerate() {
        board::put(FIRST + 1 + index, *word);
    }
    board::put(FROM, request.from.raw());
    // Who sees the count may say how the next one changes.
    let change = board::get(CHANGE);
    board::add(COUNT, 1);
    let mut words = [0; 19];
    words.copy_from_slice(message.untyped().get(..19)?);
    words[mr::RIP - 1] += 2;
    words[mr::VECTOR - 1] = 0xBAD;
    match change {
        0 => return None,
        NEW_REGISTERS => raise::order(&mut words),
        ALL_FLAGS => words[mr::RFLAGS - 1] = !l4::exception::TRAP_FLAG,
        _ => {}
    }
    Some(
        Message::new(0)
            .words(&words)
            .with_tag(EXCEPTION_TAG.with_label(0)),
    )
}

/// Board words: what [`raise`] takes over.
const HANDLER: usize = 44;
const FUNCTION: usize = 45;

/// A thread of this plan under `handler` that calls `function`.
#[track_caller]
pub(super) fn provoke(
    plan: Builder,
    handler: ThreadId,
    function: extern "C" fn(),
) -> Result<ThreadId, Failure> {
    board::put(HANDLER, handler.raw());
    board::put(FUNCTION, function as usize as u64);
    worker::start(plan, take_over, 0)
}

fn take_over(_: u64) {
    utcb::my().set_exception_handler(ThreadId::from_raw(board::get(HANDLER)));
    let function = board::get(FUNCTION) as usize as *const ();
    // SAFETY: `provoke` stored a function of this type, and code is the same in all spaces.
    let function = unsafe { core::mem::transmute::<*const (), extern "C" fn()>(function) };
    function();
}

/// Fills the message registers, raises an exception, and counts those that are as they were.
pub(super) fn fill_and_raise(handler: u64) {
    let utcb = utcb::my();
    utcb.set_exception_handler(ThreadId::from_raw(handler));
    for index in 0..64 {
        utcb.set_mr(index, 0xC000 + index as u64);
    }
    raise::undefined();
    let good = (0..64)
        .filter(|index| utcb.mr(*index) == 0xC000 + *index as u64)
        .count();
    board::put(RESULT, good as u64);
}
