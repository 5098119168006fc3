//! Threads for tests. They run Rust functions on stacks of a pool; all are deleted when the test is
//! over.

use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};

use l4::thread::{Builder, Function};
use l4::{Stack, ThreadId, pager, schedule};

use super::{Failure, Outcome, board, ids, job, pause, until};
use l4::abi::schedule::ThreadState;

const STACKS: usize = ids::COUNT as usize;

static POOL: [Stack<8192>; STACKS] = [const { Stack::new() }; STACKS];
static TAKEN: AtomicUsize = AtomicUsize::new(0);

/// Gets all pages of the stacks now: each costs the kernel a little memory, which a test that counts it must not see.
pub(crate) fn warm_up() {
    let start = POOL.as_ptr() as u64;
    for page in (start..start + size_of_val(&POOL) as u64).step_by(4096) {
        crate::pf::touch::read(page);
    }
}

/// Over how many CPUs, from CPU 1 on, workers are spread that need not be anywhere; 0: all are on CPU 0.
static SPREAD: AtomicUsize = AtomicUsize::new(0);

/// Whether workers may live on other CPUs than the test.
static FAR: AtomicBool = AtomicBool::new(false);

/// From now on, workers live on CPUs 1 to `count` in turn, away from the test's own thread. `far`: they may be anywhere.
pub(crate) fn spread(count: usize, far: bool) {
    SPREAD.store(count, SeqCst);
    FAR.store(far, SeqCst);
}

/// A tag as it would be if workers were not spread. What comes from another CPU says so, and is the same otherwise; that it
/// says so is tested by itself.
pub(crate) fn as_if_near(tag: u64) -> u64 {
    match SPREAD.load(SeqCst) {
        0 => tag,
        _ => tag & !l4::Tag::CROSS_CPU,
    }
}

/// The CPU of the next worker.
fn next_cpu() -> usize {
    match SPREAD.load(SeqCst) {
        0 => 0,
        count => 1 + TAKEN.load(SeqCst) % count,
    }
}

/// The plan of a thread in the root task's space: a fresh id, priority 100, served by the library's pager; on CPU 0 if
/// workers are not spread.
pub(crate) fn here() -> Builder {
    Builder::new()
        .id(ids::fresh())
        .cpu(next_cpu())
        .pager(pager::running())
}

/// The plan of a thread in a space of its own, which is not privileged.
pub(crate) fn away() -> Builder {
    here().new_space()
}

/// Starts `function(argument)` as planned.
#[track_caller]
pub(crate) fn start(plan: Builder, function: Function, argument: u64) -> Result<ThreadId, Failure> {
    let index = TAKEN.fetch_add(1, SeqCst);
    let Some(stack) = POOL.get(index) else {
        return Err(Failure::new(format_args!("out of test stacks")));
    };
    match plan.start(function, argument, stack) {
        Ok(id) => Ok(id),
        Err(error) => Err(error.into()),
    }
}

/// Words at the end of the board in which [`perform`] gets its results.
const RESULTS: usize = board::WORDS - 256;
static RESULT: AtomicUsize = AtomicUsize::new(0);

struct Task {
    function: fn(u64) -> u64,
    argument: u64,
}

/// Runs `function(argument)` in a thread of this plan and waits for its value.
#[track_caller]
pub(crate) fn perform(
    plan: Builder,
    function: fn(u64) -> u64,
    argument: u64,
) -> Result<u64, Failure> {
    perform_later(plan, function, argument)?.value()
}

/// A function in the hands of a worker.
#[derive(Clone, Copy)]
pub(crate) struct Performed(usize);

impl Performed {
    /// Waits for its value.
    #[track_caller]
    pub(crate) fn value(self) -> Result<u64, Failure> {
        until("the end of a worker", || board::get(self.0 + 3) == 1)?;
        Ok(board::get(self.0 + 2))
    }
}

/// Lets a thread of this plan run `function(argument)`.
#[track_caller]
pub(crate) fn perform_later(
    plan: Builder,
    function: fn(u64) -> u64,
    argument: u64,
) -> Result<Performed, Failure> {
    let slot = RESULTS + 4 * (RESULT.fetch_add(1, SeqCst) % 64);
    let task = Task { function, argument };
    board::put(slot, task.function as usize as u64);
    board::put(slot + 1, task.argument);
    board::put(slot + 3, 0);
    start(plan, carry_out, slot as u64)?;
    Ok(Performed(slot))
}

fn carry_out(slot: u64) {
    let slot = slot as usize;
    let address = board::get(slot) as usize as *const ();
    // SAFETY: `perform` stored a function of this type, and code is the same in all spaces.
    let function = unsafe { core::mem::transmute::<*const (), fn(u64) -> u64>(address) };
    board::put(slot + 2, function(board::get(slot + 1)));
    board::put(slot + 3, 1);
}

/// Waits until Schedule reports this state, and not because the thread has not yet a page that it needs to get there: one that
/// was made for a job is looked at when it has begun, another on another processor several times.
#[track_caller]
pub(crate) fn until_state(thread: ThreadId, state: ThreadState) -> Outcome {
    let looks = match job::has_begun(thread) {
        None if FAR.load(SeqCst) => 3,
        _ => 1,
    };
    for look in 0..looks {
        if look > 0 {
            pause(1_000);
        }
        let mut last = None;
        until("", || {
            let has_begun = job::has_begun(thread) != Some(false);
            last = schedule::state(thread).ok();
            has_begun && last == Some(state)
        })
        .map_err(|_| Failure::new(format_args!("state is {last:?}, not {state:?}")))?;
    }
    Ok(())
}

/// Waits until each of the threads waits for a message.
#[track_caller]
pub(crate) fn until_waiting(threads: &[ThreadId]) -> Outcome {
    for thread in threads {
        until_state(*thread, ThreadState::Waiting)?;
    }
    Ok(())
}

/// After the test: all threads are deleted, so their stacks are free.
pub(crate) fn retire() {
    ids::retire();
    job::table::retire();
    let taken = TAKEN.swap(0, SeqCst).min(STACKS);
    for stack in &POOL[..taken] {
        // SAFETY: the threads that ran on it are deleted.
        unsafe { stack.release() };
    }
}
