//! What a thread does ends, or stands still.

use l4::abi::exregs as bit;
use l4::abi::schedule::ThreadState::{self, PendingSend};
use l4::{ThreadId, schedule, thread};

use crate::harness::raw;
use crate::harness::regular::spin;
use crate::harness::{Job, Outcome, board, check, equal, hex, pause, until, worker};

/// A stopped thread stands still; its next stop tells that it was halted.
pub(super) fn stop_and_resume() -> Outcome {
    let id = worker::start(worker::here(), spin, 0)?;
    until("it runs", || board::get(0) > 0)?;
    let (_, old) = raw::control(id, bit::HALT_VALID | bit::HALT);
    hex("control", old.control, 0)?;
    equal("state", schedule::state(id), Ok(ThreadState::Inactive))?;
    let then = board::get(0);
    pause(30_000);
    equal("count while halted", board::get(0), then)?;
    let (_, old) = raw::control(id, bit::HALT_VALID | bit::HALT);
    hex("control when halted", old.control, bit::HALT)?;
    check(
        "its ip is inside the program",
        l4::kip::kip().root.high > old.ip && old.ip > 0x100_0000,
    )?;
    raw::control(id, bit::HALT_VALID);
    until("it goes on", || board::get(0) > then)?;
    equal("state", schedule::state(id), Ok(ThreadState::Running))
}

pub(super) fn abort_is_for_the_named_phase() -> Outcome {
    let receiver = Job::receive(ThreadId::ANY).start(worker::here())?;
    worker::until_waiting(&[receiver.id])?;
    hex(
        "receiving",
        raw::control(receiver.id, bit::SEND).1.control,
        bit::RECEIVE,
    )?;
    pause(5_000);
    worker::until_waiting(&[receiver.id])?;
    check("not aborted", !receiver.is_done())?;
    raw::control(receiver.id, bit::RECEIVE);
    receiver.result()?.bare_error(7)?;
    let sender = Job::send(thread::myself())
        .words(1, 1, 1)
        .start(worker::here())?;
    worker::until_state(sender.id, PendingSend)?;
    hex(
        "sending",
        raw::control(sender.id, bit::RECEIVE).1.control,
        bit::SEND,
    )?;
    worker::until_state(sender.id, PendingSend)?;
    check("not aborted", !sender.is_done())?;
    raw::control(sender.id, bit::SEND);
    sender.result()?.error_with_tag(6, 0x1_0001)
}

/// A call is aborted in its receive phase, after its message was delivered.
pub(super) fn aborted_call() -> Outcome {
    let server = Job::receive(ThreadId::ANY).start(worker::away())?;
    worker::until_waiting(&[server.id])?;
    let client = Job::call(server.id).words(1, 2, 3).start(worker::here())?;
    server.result()?.carries(1, 2, 3, 0)?;
    worker::until_waiting(&[client.id])?;
    hex(
        "control",
        raw::control(client.id, bit::RECEIVE).1.control,
        bit::RECEIVE,
    )?;
    client.result()?.bare_error(7)
}
