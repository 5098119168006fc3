//! An exception handler that notes what fires, and lets threads go on or walk step by step.

use l4::exception::{Exception, RESUME_FLAG, TRAP_FLAG, register};
use l4::ipc::Received;
use l4::thread::Builder;
use l4::{Message, ThreadId, utcb};

use crate::harness::{Failure, board, worker};

/// Board words: how many exceptions, and the first of them: vector, RIP.
pub(super) const COUNT: usize = 40;
pub(super) const LOG: usize = 100;
const MOST: u64 = 200;
/// Board word: the trap flag of answers.
pub(super) const STEP: usize = 41;
/// Board words: debug exceptions with an RIP from here up to there are counted in the third.
pub(super) const FIRST: usize = 42;
pub(super) const END: usize = 43;
pub(super) const INSIDE: usize = 44;
/// Board word: bytes that are passed over at exception 13.
pub(super) const SKIP: usize = 45;
/// Board word: what debuggees report.
pub(super) const DONE: usize = 46;
/// Board words: what debuggees are told.
const HANDLER: usize = 47;
const FUNCTION: usize = 48;

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
    let mut exception = Exception::from_message(&request.message)?;
    let ip = exception.get(register::RIP);
    let number = board::add(COUNT, 1);
    if number < MOST {
        board::put(LOG + 2 * number as usize, exception.vector());
        board::put(LOG + 2 * number as usize + 1, ip);
    }
    match exception.vector() {
        1 => {
            exception.set_flag(RESUME_FLAG, true);
            board::add(
                INSIDE,
                u64::from((board::get(FIRST)..board::get(END)).contains(&ip)),
            );
        }
        3 => {}
        13 => exception.set(register::RIP, ip + board::get(SKIP)),
        _ => return None,
    }
    exception.set_flag(TRAP_FLAG, board::get(STEP) != 0);
    Some(exception.answer())
}

/// Vector and RIP of an exception.
pub(super) fn logged(number: usize) -> (u64, u64) {
    (
        board::get(LOG + 2 * number),
        board::get(LOG + 2 * number + 1),
    )
}

/// A thread of this plan under `handler` that calls `function`, which is to put something into [`DONE`].
#[track_caller]
pub(super) fn watch(plan: Builder, handler: ThreadId, function: fn()) -> Result<ThreadId, Failure> {
    board::put(HANDLER, handler.raw());
    board::put(FUNCTION, function as usize as u64);
    worker::start(plan, begin, 0)
}

fn begin(_: u64) {
    utcb::my().set_exception_handler(ThreadId::from_raw(board::get(HANDLER)));
    let function = board::get(FUNCTION) as usize as *const ();
    // SAFETY: `watch` stored a function of this type, and code is the same in all spaces.
    let function = unsafe { core::mem::transmute::<*const (), fn()>(function) };
    function();
}
