//! Who delays and then gives the CPU away: whoever was held off comes first.

use l4::{Message, ThreadId, ipc, schedule};

use super::{RAN, RESULT, allow, allowance, complete, delay, done, listener, runs_at_once};
use crate::harness::{Outcome, board, equal, worker};

fn call_down(test: u64) {
    allowance(60, 150);
    delay();
    runs_at_once();
    let low = ThreadId::from_raw(board::get(3));
    // The answer is a copy of what the other had seen.
    let seen = ipc::call(low, &Message::new(0)).map_or(9, |answer| answer.message.word_at(0));
    board::put(RESULT, seen);
    done(test);
}

/// Whoever was held off comes first when the thread blocks, before the partner that it calls.
pub(in crate::sch) fn blocking_ends_it() -> Outcome {
    listener(worker::here().priority(120))?;
    let answer = |_| {
        if let Ok(request) = ipc::wait() {
            // Fails only with the caller.
            let _ = ipc::send(request.from, &Message::new(0).word(board::get(RAN)));
        }
    };
    let low = worker::start(worker::here().priority(50), answer, 0)?;
    worker::until_waiting(&[low])?;
    board::put(3, low.raw());
    complete(worker::here(), call_down)?;
    equal("others had run before the partner", board::get(RESULT), 1)
}

fn donate_held(test: u64) {
    allowance(60, 150);
    delay();
    let ran = runs_at_once();
    // The equal notes who had run before it.
    schedule::switch_to(ThreadId::from_raw(board::get(3)));
    board::put(RESULT, u64::from(ran));
    allow();
    done(test);
}

/// Whoever was held off also comes before the thread that is given the slice.
pub(in crate::sch) fn donating_ends_it() -> Outcome {
    listener(worker::here().priority(120))?;
    let note = |_| {
        board::put(RESULT + 1, 1 + board::get(RAN));
        ipc::park()
    };
    let equal_one = worker::start(worker::here(), note, 0)?;
    board::put(3, equal_one.raw());
    let plan = worker::here().priority(101);
    complete(plan, donate_held)?;
    crate::harness::until("the equal runs", || board::get(RESULT + 1) > 0)?;
    equal("had run before the equal", board::get(RESULT + 1), 2)
}
