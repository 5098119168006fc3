//! Directed runs: a CPU is held between two steps while others do what could come between. `tests/interleavings.md` says
//! which test is for which interleaving.
//!
//! The test's own thread is on CPU 0; CPUs 1 and 2 are held. Only the debug kernel can do that.

mod ends;
mod mailbox;
mod moves;
mod requests;
mod unmaps;

use l4::control::{self, Point};
use l4::thread::Builder;
use l4::{ThreadId, schedule};

use crate::harness::worker::Performed;
use crate::harness::{Failure, Job, Outcome, Test, board, check, job, pause, until, worker};

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
    until("the CPU at the point", || {
        control::is_held(cpu) == Some(true)
    })
}

/// A receiver of this plan that waits.
#[track_caller]
fn waiting(plan: Builder) -> Result<job::Started, Failure> {
    let receiver = Job::receive(ThreadId::ANY).start(plan)?;
    worker::until_waiting(&[receiver.id])?;
    Ok(receiver)
}

/// Long enough for CPU 0 to do what it can: all that it was told comes to its threads.
fn let_pass() {
    pause(5_000);
}

/// Fails if `job` is done, though what it needs is held.
#[track_caller]
fn not_yet(job: &job::Started) -> Outcome {
    let_pass();
    check("it is not done yet", !job.is_done())
}

/// Lets a worker on CPU 0 move `thread` to `cpu`; its value is 1 when that is done.
#[track_caller]
fn move_later(thread: ThreadId, cpu: usize) -> Result<Performed, Failure> {
    board::put(800 + cpu, thread.raw());
    worker::perform_later(worker::here(), move_to, cpu as u64)
}

fn move_to(cpu: u64) -> u64 {
    let cpu = cpu as usize;
    u64::from(schedule::set_cpu(ThreadId::from_raw(board::get(800 + cpu)), cpu).is_ok())
}
