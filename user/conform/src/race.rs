//! Directed runs: a CPU is held between two steps while others do what could come between. `tests/interleavings.md` says
//! which test is for which interleaving.
//!
//! The test's own thread is on CPU 0; CPUs 1 and 2 are held. Only the debug kernel can do that.

mod crossing;
mod ends;
mod faults;
mod homeward;
mod mailbox;
pub(crate) mod matrix;
mod moves;
mod requests;
mod unmaps;

use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use l4::abi::exregs::{RECEIVE, SEND};
use l4::abi::schedule::ThreadState;
use l4::control::{self, Point};
use l4::thread::Builder;
use l4::{ThreadId, Time, schedule};

use crate::harness::{
    Failure, Job, Outcome, Test, board, check, equal, job, pause, raw, until, worker,
};

/// The tests of the files.
pub(crate) const TESTS: &[Test] = &[
    Test::holding("RACE0001", mailbox::push_before_it_halts),
    Test::holding("RACE0002", mailbox::push_as_it_halts),
    Test::holding("RACE0003", mailbox::push_behind_the_last),
    Test::holding("RACE0004", mailbox::nobody_rings),
    Test::holding("RACE0005", mailbox::ring_in_the_kernel),
    Test::holding("RACE0006", requests::receiver_gives_up_first),
    Test::holding("RACE0007", requests::answer_after_the_timeout),
    Test::holding("RACE0008", requests::answer_and_tick_at_once),
    Test::holding("RACE0009", requests::timeout_before_it_is_handled),
    Test::holding("RACE0010", requests::aborted_before_it_is_handled),
    Test::holding("RACE0011", requests::aborted_after_delivery),
    Test::holding("RACE0012", requests::recalled),
    Test::holding("RACE0013", requests::timeout_while_forwarded),
    Test::holding("RACE0014", ends::sender_before_it_is_handled),
    Test::holding("RACE0015", ends::queued_sender),
    Test::holding("RACE0016", ends::receiver),
    Test::holding("RACE0017", ends::number_used_again),
    Test::holding("RACE0018", ends::each_other),
    Test::holding("RACE0019", moves::to_and_fro),
    Test::holding("RACE0020", moves::to_its_sender),
    Test::holding("RACE0021", moves::two_ways_at_once),
    Test::holding("RACE0022", moves::oneself_and_by_another),
    Test::holding("RACE0023", moves::caller_of_an_answer),
    Test::holding("RACE0024", moves::deleted_under_way),
    Test::holding("RACE0025", unmaps::two_at_once),
    Test::holding("RACE0026", unmaps::between_tables_and_look),
    Test::holding("RACE0027", matrix::deleted),
    Test::holding("RACE0028", matrix::cancelled),
    Test::holding("RACE0029", matrix::moved),
    Test::holding("RACE0030", faults::on_its_way),
    Test::holding("RACE0031", crossing::time_is_over),
    Test::holding("RACE0032", crossing::one_is_cancelled),
    Test::holding("RACE0033", crossing::one_is_deleted),
    Test::holding("RACE0034", homeward::refused),
    Test::holding("RACE0035", homeward::moved_to_another_space),
    Test::holding("RACE0036", moves::broken_off_and_moved),
    Test::holding("RACE0037", mailbox::idle_with_a_backlog),
    Test::holding("RACE0038", unmaps::filled_too_early),
];

/// On CPU 1, in the root task's space.
fn on_1() -> Builder {
    worker::here().cpu(1)
}

/// On CPU 2, in the root task's space.
fn on_2() -> Builder {
    worker::here().cpu(2)
}

/// Holds `cpu` the next time that it comes to `point`.
fn hold(cpu: usize, point: Point) {
    control::hold(cpu, point, 0);
}

/// Lets `cpu` go on.
fn release(cpu: usize) {
    control::release(cpu);
}

/// Waits until `cpu` is held.
#[track_caller]
fn until_held(cpu: usize) -> Outcome {
    until("the CPU at the point", || is_held(cpu))
}

/// Whether `cpu` is held.
fn is_held(cpu: usize) -> bool {
    control::is_held(cpu) == Some(true)
}

/// A receiver of this plan that waits.
#[track_caller]
fn waiting(plan: Builder) -> Result<job::Started, Failure> {
    let receiver = Job::receive(ThreadId::ANY).start(plan)?;
    worker::until_waiting(&[receiver.id])?;
    Ok(receiver)
}

/// A sender on CPU 0 whose message is on its way.
#[track_caller]
fn sending(job: Job) -> Result<job::Started, Failure> {
    let sender = job.start(worker::here())?;
    worker::until_state(sender.id, ThreadState::PendingSend)?;
    Ok(sender)
}

/// A moment in which something could happen that must not.
fn let_pass() {
    pause(5_000);
}

/// Fails if `job` is done, though what it needs is held.
#[track_caller]
fn not_yet(job: &job::Started) -> Outcome {
    let_pass();
    check("it is not done yet", !job.is_done())
}

/// A system call of a thread on CPU 0, which other CPUs carry out.
#[derive(Clone, Copy)]
struct Call(usize);

/// Board words of calls: target, argument, how far it is, result.
const CALLS: usize = 700;
const BEGUN: u64 = 1;
const DONE: u64 = 2;

static NEXT: AtomicUsize = AtomicUsize::new(0);

impl Call {
    /// Lets a thread make it, and waits until it is on its way, or done.
    #[track_caller]
    fn make(function: fn(u64), target: ThreadId, argument: u64) -> Result<Self, Failure> {
        let call = Self(CALLS + 4 * (NEXT.fetch_add(1, Relaxed) % 16));
        board::put(call.0, target.raw());
        board::put(call.0 + 1, argument);
        board::put(call.0 + 2, 0);
        let id = worker::start(worker::here(), function, call.0 as u64)?;
        until("a call on its way", || match board::get(call.0 + 2) {
            0 => false,
            BEGUN => schedule::state(id) == Ok(ThreadState::Waiting),
            _ => true,
        })?;
        Ok(call)
    }

    /// In its thread: carries it out.
    fn perform(at: u64, work: impl FnOnce(ThreadId, u64) -> u64) {
        let at = at as usize;
        let (target, argument) = (ThreadId::from_raw(board::get(at)), board::get(at + 1));
        board::put(at + 2, BEGUN);
        board::put(at + 3, work(target, argument));
        board::put(at + 2, DONE);
    }

    /// Its result, when it has come back.
    #[track_caller]
    fn result(self) -> Result<u64, Failure> {
        until("the end of a call", || board::get(self.0 + 2) == DONE)?;
        Ok(board::get(self.0 + 3))
    }

    /// Fails unless it succeeds.
    #[track_caller]
    fn succeeds(self) -> Outcome {
        equal("verdict", self.result()?, raw::DONE.pack())
    }
}

/// Lets a thread on CPU 0 move `thread` to `cpu`.
#[track_caller]
fn move_to(thread: ThreadId, cpu: u64) -> Result<Call, Failure> {
    let moves = |at| {
        Call::perform(at, |thread, cpu| {
            let moved = schedule::set_cpu(thread, cpu as usize).is_ok();
            u64::from(moved) * raw::DONE.pack()
        });
    };
    Call::make(moves, thread, cpu)
}

/// Lets a thread on CPU 0 delete `thread`.
#[track_caller]
fn delete(thread: ThreadId) -> Result<Call, Failure> {
    let deletes = |at| Call::perform(at, |thread, _| raw::delete(thread).pack());
    Call::make(deletes, thread, 0)
}

/// Lets a thread on CPU 0 cancel what `thread` does.
#[track_caller]
fn cancel(thread: ThreadId) -> Result<Call, Failure> {
    let cancels = |at| {
        Call::perform(at, |thread, _| {
            let error = raw::control(thread, SEND | RECEIVE).0.error;
            u64::from(error == raw::UNTOUCHED) * raw::DONE.pack()
        });
    };
    Call::make(cancels, thread, 0)
}

/// Does `work` with a timeout that is long enough for a slow host: it says false if that was over too early.
#[track_caller]
fn in_time(mut work: impl FnMut(Time) -> Result<bool, Failure>) -> Outcome {
    for micros in [20_000, 100_000, 500_000, 2_500_000] {
        if work(Time::period(micros))? {
            return Ok(());
        }
    }
    Err(Failure::new(format_args!("it was never in time")))
}
