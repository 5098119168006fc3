//! Redirection: what leaves a space goes to its redirector.

mod across;
mod pass_on;
mod setting;

use l4::{Tag, ThreadId, space};

use crate::harness::job::Done;
use crate::harness::raw::{self, DONE};
use crate::harness::{Failure, Job, Outcome, SOON, Test, equal, hex, worker};

/// The tests of the three files, setting a redirector first.
pub(crate) const TESTS: &[Test] = &[
    Test::new("RDR0001", setting::needs_privilege),
    Test::new("RDR0002", setting::must_be_a_thread),
    Test::new("RDR0003", setting::nil_and_any),
    Test::new("RDR0004", setting::refusal_changes_nothing),
    Test::new("RDR0005", setting::all_threads_of_the_space),
    Test::new("RDR0006", setting::library),
    Test::new("RDR0007", setting::dead_redirector),
    Test::new("RDR0008", setting::inside_and_towards_the_redirector),
    Test::new("RDR0009", setting::into_the_space),
    Test::new("RDR0010", setting::nobody_is_meant),
    Test::new("RDR0011", setting::busy_redirector),
    Test::new("RDR0012", pass_on::caller_waits_for_the_redirector),
    Test::new("RDR0013", pass_on::as_the_sender),
    Test::new("RDR0014", pass_on::as_the_intended_receiver),
    Test::new("RDR0015", pass_on::only_the_redirector_may),
    Test::new("RDR0016", pass_on::chain),
    Test::new("RDR0017", pass_on::faults),
    Test::new("RDR0018", pass_on::exceptions),
    Test::smp("RDR0019", across::redirected),
    Test::smp("RDR0020", across::passed_on),
    Test::smp("RDR0021", across::setting_it_everywhere),
    Test::smp("RDR0022", across::transparent),
    Test::new("RDR0023", pass_on::redirected_propagation),
    Test::new("RDR0024", setting::redirector_of_its_own_space),
    Test::smp("RDR0025", across::sender_moves),
];

const R: u64 = Tag::REDIRECTED;

/// The message (label 7, three words) was meant for `intended`.
#[track_caller]
fn redirected(done: &Done, from: ThreadId, intended: ThreadId, flags: u64) -> Outcome {
    done.carries(7, 3, 70, R | flags)?;
    equal("from", done.from, from)?;
    hex("IntendedReceiver", done.intended, intended.raw())
}

/// The message went where it was sent.
#[track_caller]
fn direct(done: &Done, from: ThreadId) -> Outcome {
    done.carries(7, 3, 70, done.mr[0] & Tag::CROSS_CPU)?;
    equal("from", done.from, from)?;
    hex("IntendedReceiver", done.intended, raw::UNTOUCHED)
}

fn message(to: ThreadId) -> Job {
    Job::send(to).words(7, 3, 70).within(SOON, SOON)
}

fn receive(from: ThreadId) -> Job {
    Job::receive(from).within(SOON, SOON)
}

/// A plan of a thread in a space of its own with this redirector.
fn confined(redirector: ThreadId, cpu: usize) -> l4::thread::Builder {
    let plan = space::Builder::new().redirector(redirector);
    worker::here().cpu(cpu).new_space_as(plan)
}

/// A thread of a third space that waits for any message.
#[track_caller]
fn stranger(cpu: usize) -> Result<crate::harness::job::Started, Failure> {
    let other = receive(ThreadId::ANY).start(worker::away().cpu(cpu))?;
    worker::until_waiting(&[other.id])?;
    Ok(other)
}

#[track_caller]
fn set(space: ThreadId, redirector: ThreadId) -> Outcome {
    equal("SpaceControl", raw::redirect(space, redirector.raw()), DONE)
}
