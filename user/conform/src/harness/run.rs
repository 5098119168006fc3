//! Runs tests one after the other, each in a thread of its own under a watchdog, and reports.

use core::cell::UnsafeCell;
use core::sync::atomic::{
    AtomicBool,
    Ordering::{Acquire, Release},
};

use l4::thread::Builder;
use l4::{Message, Stack, Time, ipc, kip, pager, print, println};

use super::{Failure, Outcome, Test, board, ids, worker};

/// Kernel time that a test may take. None takes a tenth of it.
const LIMIT: Time = Time::period(120_000_000);

/// Priority of the thread that runs a test: below the conductor and the pager, above its workers.
pub(crate) const PRIORITY: u8 = 200;

static STACK: Stack<65536> = Stack::new();

/// Where a test's thread leaves the verdict.
struct Verdict {
    value: UnsafeCell<Outcome>,
    there: AtomicBool,
}

// SAFETY: written by the test's thread before `there` is set, read by the conductor after it saw that.
unsafe impl Sync for Verdict {}

static VERDICT: Verdict = Verdict {
    value: UnsafeCell::new(Ok(())),
    there: AtomicBool::new(false),
};

/// Runs the tests, their workers spread over `count` more CPUs, if the test does not say itself where they are; returns how
/// many failed.
pub(crate) fn all(tests: &[&'static Test], count: usize) -> usize {
    announce(tests);
    worker::warm_up();
    let mut failed = 0;
    for test in tests {
        if kip::cpus() < test.needs_cpus {
            println!("[test] {} skip needs {} CPUs", test.id, test.needs_cpus);
            continue;
        }
        if test.holds && l4::control::is_held(0).is_none() {
            println!("[test] {} skip needs the debug kernel", test.id);
            continue;
        }
        let places_itself = test.needs_cpus > 1;
        let count = if places_itself { 0 } else { count };
        worker::spread(count, places_itself || count > 0);
        match in_some_try(test) {
            Ok(()) => println!("[test] {} ok", test.id),
            Err(failure) => {
                failed += 1;
                println!("[test] {} FAIL {failure}", test.id);
            }
        }
    }
    println!("[done] {} tests {failed} failed", tests.len());
    failed
}

fn announce(tests: &[&'static Test]) {
    for line in tests.chunks(16) {
        print!("[plan]");
        for test in line {
            print!(" {}", test.id);
        }
        println!();
    }
}

/// Tries the test as often as it may be; gives what came of the last try.
fn in_some_try(test: &'static Test) -> Outcome {
    for _ in 1..test.tries {
        match one(test) {
            Ok(()) => return Ok(()),
            Err(failure) => println!("[again] {} {failure}", test.id),
        }
    }
    one(test)
}

fn one(test: &'static Test) -> Outcome {
    board::clear();
    VERDICT.there.store(false, Release);
    let plan = Builder::new()
        .id(ids::fresh())
        .pager(pager::running())
        .priority(PRIORITY);
    let runner = plan.start(body, core::ptr::from_ref(test) as u64, &STACK)?;
    let ended = ipc::receive_within(runner, LIMIT);
    if test.holds {
        for cpu in 0..kip::cpus() {
            l4::control::release(cpu);
        }
    }
    worker::retire();
    // SAFETY: its thread is deleted.
    unsafe { STACK.release() };
    if !l4::control::check() {
        return Err(Failure::new(format_args!(
            "the kernel does not check itself"
        )));
    }
    if ended.is_err() || !VERDICT.there.load(Acquire) {
        return Err(Failure::new(format_args!("no end within the limit")));
    }
    // SAFETY: the writer is done and deleted.
    unsafe { *VERDICT.value.get() }
}

fn body(test: u64) {
    // SAFETY: `one` passes a reference to a static.
    let test = unsafe { &*(test as *const Test) };
    let outcome = (test.run)();
    // SAFETY: the conductor reads it only after `there`.
    unsafe { VERDICT.value.get().write(outcome) };
    VERDICT.there.store(true, Release);
    // Deletes this thread when it has the message.
    let _ = ipc::send(kip::root(), &Message::new(0));
}
