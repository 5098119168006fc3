//! Handlers that end or change.

use l4::abi::schedule::ThreadState::{self, PendingSend};
use l4::{SysError, ThreadId, interrupt, schedule, thread};

use super::device::{EDGE, LEVEL, comes, edge, hpet, level, nothing_comes};
use crate::harness::{Job, Outcome, board, equal, ids, until, worker};

/// The line has lost its handler, and works again with another one.
#[track_caller]
pub(super) fn is_dead_but_can_be_revived(number: u32) -> Outcome {
    let hpet = hpet()?;
    let irq = interrupt::thread(number);
    until("the association ends", || {
        schedule::state(irq) == Err(SysError::InvalidThread)
    })?;
    Job::send(irq).now().bare_error(4)?;
    level(hpet);
    edge(hpet);
    nothing_comes()?;
    interrupt::associate(number, thread::myself())?;
    if number == EDGE {
        // One that came while nobody was there is a matter between device and controller.
        while Job::receive(irq)
            .within(l4::Time::ZERO, crate::harness::A_WHILE)
            .now()
            .ok()
            .is_ok()
        {
            interrupt::acknowledge(number)?;
        }
        edge(hpet);
    }
    comes(irq, number, 0)?;
    interrupt::dissociate(number)?;
    Ok(())
}

fn sleep(_: u64) {
    l4::ipc::park();
}

/// Waits for the line, and never answers.
fn take_one(line: u64) {
    let got = Job::receive(interrupt::thread(line as u32)).now();
    board::put(0, if got.ok().is_ok() { 1 } else { got.error << 8 });
    l4::ipc::park();
}

pub(super) fn idle_handler_deleted() -> Outcome {
    hpet()?;
    for line in [EDGE, LEVEL] {
        for function in [sleep, take_one] {
            let handler = worker::start(worker::here(), function, u64::from(line))?;
            interrupt::associate(line, handler)?;
            worker::until_waiting(&[handler])?;
            thread::delete(handler)?;
            is_dead_but_can_be_revived(line)?;
        }
    }
    Ok(())
}

/// Its interrupt waits in its queue.
pub(super) fn busy_handler_deleted() -> Outcome {
    let hpet = hpet()?;
    for line in [EDGE, LEVEL] {
        let handler = worker::start(worker::here(), sleep, 0)?;
        worker::until_waiting(&[handler])?;
        interrupt::associate(line, handler)?;
        edge(hpet);
        level(hpet);
        worker::until_state(interrupt::thread(line), PendingSend)?;
        thread::delete(handler)?;
        hpet.stop(1);
        is_dead_but_can_be_revived(line)?;
    }
    Ok(())
}

/// It has its interrupt, and has not answered.
pub(super) fn serving_handler_deleted() -> Outcome {
    let hpet = hpet()?;
    for line in [EDGE, LEVEL] {
        board::put(0, 0);
        let handler = worker::start(worker::here(), take_one, u64::from(line))?;
        interrupt::associate(line, handler)?;
        worker::until_waiting(&[handler])?;
        edge(hpet);
        level(hpet);
        until("it gets the interrupt", || board::get(0) == 1)?;
        thread::delete(handler)?;
        hpet.stop(1);
        is_dead_but_can_be_revived(line)?;
    }
    Ok(())
}

/// The new handler gets what comes from then on, whatever the old one was about.
pub(super) fn another_handler() -> Outcome {
    let hpet = hpet()?;
    let irq = interrupt::thread(LEVEL);
    let me = thread::myself();
    for waits in [false, true] {
        board::put(0, 0);
        let function = if waits { take_one } else { sleep };
        let handler = worker::start(worker::here(), function, u64::from(LEVEL))?;
        interrupt::associate(LEVEL, handler)?;
        worker::until_waiting(&[handler])?;
        level(hpet);
        if waits {
            until("it gets the interrupt", || board::get(0) == 1)?;
        } else {
            worker::until_state(irq, PendingSend)?;
        }
        interrupt::associate(LEVEL, me)?;
        comes(ThreadId::ANY, LEVEL, 0)?;
        hpet.stop(1);
        interrupt::acknowledge(LEVEL)?;
        equal("state", schedule::state(irq), Ok(ThreadState::Inactive))?;
        interrupt::dissociate(LEVEL)?;
    }
    Ok(())
}

/// A handler with another version is not the handler.
pub(super) fn handler_renamed() -> Outcome {
    hpet()?;
    let handler = worker::start(worker::here(), sleep, 0)?;
    worker::until_waiting(&[handler])?;
    interrupt::associate(LEVEL, handler)?;
    let renamed = ids::next_version(handler);
    let verdict = crate::harness::raw::thread_control(
        renamed.raw(),
        thread::myself().raw(),
        0,
        0,
        l4::abi::layout::NOT_GIVEN,
    );
    equal("renamed", verdict, crate::harness::raw::DONE)?;
    is_dead_but_can_be_revived(LEVEL)
}

/// The association ends while its handler waits for it: error "not existing" in the receive phase.
pub(super) fn waiting_for_a_line_that_loses_its_handler() -> Outcome {
    hpet()?;
    let handler = worker::start(worker::here(), take_one, u64::from(LEVEL))?;
    interrupt::associate(LEVEL, handler)?;
    worker::until_waiting(&[handler])?;
    interrupt::dissociate(LEVEL)?;
    until("the handler is told", || board::get(0) != 0)?;
    equal("its ErrorCode", board::get(0), 5 << 8)
}
