//! Threads that interfere with the workers: abort their IPC, change their priorities, move them, delete them.

use core::sync::atomic::{
    AtomicBool, AtomicU64, AtomicUsize,
    Ordering::{Acquire, Relaxed, Release},
};

use l4::abi::exregs;
use l4::syscall::Registers;
use l4::thread::{self, Builder, StartError};
use l4::{Stack, SysError, ThreadId, Time, ipc, schedule};
use stress::plan::Mix;
use stress::random::Random;
use stress::wrong::What;

use crate::board::{RUN, SLOTS, Slot, Stage, count, report};
use crate::{afterlife, crew};

/// Most threads of this kind.
const MOST: usize = 4;
/// Above all workers.
const PRIORITY: u8 = 210;
/// Set in a stream number to keep these random numbers apart from the workers'.
const STREAM: u64 = 1 << 63;

static STACKS: [Stack<16384>; MOST] = [const { Stack::new() }; MOST];
static AGENTS: [Agent; MOST] = [const { Agent::new() }; MOST];
static NUMBER: AtomicUsize = AtomicUsize::new(0);
static MIX: AtomicU64 = AtomicU64::new(0);
/// What they did so far.
pub(crate) static COUNTS: Counts = Counts {
    kills: AtomicU64::new(0),
    migrations: AtomicU64::new(0),
};

/// What these threads count.
pub(crate) struct Counts {
    pub(crate) kills: AtomicU64,
    pub(crate) migrations: AtomicU64,
}

/// One of them, as the watching thread sees it.
struct Agent {
    beats: AtomicU64,
    finished: AtomicBool,
}

impl Agent {
    const fn new() -> Self {
        Self {
            beats: AtomicU64::new(0),
            finished: AtomicBool::new(false),
        }
    }
}

#[derive(Clone, Copy)]
enum Act {
    Abort,
    Prioritise,
    Slice,
    Move,
    Kill,
}

const ACTS: [Act; 10] = [
    Act::Abort,
    Act::Abort,
    Act::Abort,
    Act::Prioritise,
    Act::Prioritise,
    Act::Slice,
    Act::Move,
    Act::Move,
    Act::Kill,
    Act::Kill,
];

/// Starts them: one on each of the first CPUs.
pub(crate) fn start(mix: Mix) -> Result<(), StartError> {
    let bits = [mix.cancel, mix.priority, mix.migrate, mix.kill];
    let bits = (0..).zip(bits).map(|(bit, on)| u64::from(on) << bit).sum();
    MIX.store(bits, Release);
    let cpus = RUN.cpus.load(Relaxed);
    let number = if mix == Mix::NONE { 0 } else { cpus.min(MOST) };
    NUMBER.store(number, Release);
    for (agent, stack) in STACKS[..number].iter().enumerate() {
        let builder = Builder::new().cpu(agent).priority(PRIORITY);
        builder.start(interfere, agent as u64, stack)?;
    }
    Ok(())
}

/// Whether all of them came to their end.
pub(crate) fn are_finished() -> bool {
    let agents = &AGENTS[..NUMBER.load(Acquire)];
    agents.iter().all(|agent| agent.finished.load(Acquire))
}

/// A number that changes as long as agent `index` works; `None` if there is no such agent or it is through.
pub(crate) fn beat(index: usize) -> Option<u64> {
    let agent = AGENTS[..NUMBER.load(Acquire)].get(index)?;
    (!agent.finished.load(Acquire)).then(|| agent.beats.load(Acquire))
}

fn interfere(index: u64) {
    let index = index as usize;
    let mut random = Random::new(RUN.seed.load(Relaxed), STREAM | index as u64);
    while !RUN.has_come_to(Stage::Calm) {
        count(&AGENTS[index].beats);
        ipc::sleep(Time::period(random.between(100, 2500)));
        if let Err((worker, error)) = act(index, &mut random) {
            report(What::Refused, worker, None, error);
            ipc::park();
        }
    }
    AGENTS[index].finished.store(true, Release);
}

fn act(agent: usize, random: &mut Random) -> Result<(), (usize, u64)> {
    let mine = |worker: usize| worker % NUMBER.load(Relaxed) == agent;
    for worker in (0..RUN.workers()).filter(|worker| mine(*worker)) {
        revive(worker, random).map_err(|error| (worker, error))?;
    }
    let worker = random.below(RUN.workers() as u64) as usize;
    let act = ACTS[random.below(ACTS.len() as u64) as usize];
    let bit = match act {
        Act::Abort => 0,
        Act::Prioritise | Act::Slice => 1,
        Act::Move => 2,
        Act::Kill => 3,
    };
    let slot = &SLOTS[worker];
    // The order matters: a thread that is found alive after its id was read had that id or a later one.
    let id = slot.thread();
    let alive = slot.alive.load(Acquire);
    let Some(id) = id.filter(|_| alive && MIX.load(Relaxed) & 1 << bit != 0) else {
        return Ok(());
    };
    let result = match act {
        Act::Abort => abort(slot, id, random),
        Act::Prioritise => schedule::set_priority(id, random.between(20, 200) as u8).map(|_| ()),
        Act::Slice => {
            schedule::set_slice(id, Time::period(random.between(200, 10_000))).map(|_| ())
        }
        Act::Move if !RUN.worker(worker).settled => relocate(id, random),
        Act::Kill if RUN.worker(worker).mortal && mine(worker) => kill(worker),
        Act::Move | Act::Kill => Ok(()),
    };
    match result {
        Err(SysError::InvalidThread) if slot.dies(id.version()) => Ok(()),
        Err(error) => Err((worker, error.raw())),
        Ok(()) => Ok(()),
    }
}

/// Aborts a send, a receive, or whatever it is.
fn abort(slot: &Slot, id: ThreadId, random: &mut Random) -> Result<(), SysError> {
    let control = [
        exregs::SEND,
        exregs::RECEIVE,
        exregs::SEND | exregs::RECEIVE,
    ][random.below(3) as usize];
    abort_as(slot, id, control)
}

/// Aborts what `control` says, and notes when.
pub(crate) fn abort_as(slot: &Slot, id: ThreadId, control: u64) -> Result<(), SysError> {
    let (sends, receives) = (control & exregs::SEND != 0, control & exregs::RECEIVE != 0);
    let add = |word: &AtomicU64, yes: bool| word.fetch_add(u64::from(yes), Relaxed);
    add(&slot.send_aborts.begun, sends);
    add(&slot.receive_aborts.begun, receives);
    let registers = Registers {
        control,
        ..Registers::default()
    };
    // SAFETY: neither instruction nor stack pointer change.
    let result = unsafe { thread::exchange(id, registers) };
    add(&slot.send_aborts.done, sends);
    add(&slot.receive_aborts.done, receives);
    result.map(|_| ())
}

fn relocate(id: ThreadId, random: &mut Random) -> Result<(), SysError> {
    let cpu = random.below(RUN.cpus.load(Relaxed) as u64) as usize;
    match schedule::set_cpu(id, cpu) {
        // Another move of the thread is under way.
        Err(SysError::InvalidParameter) => Ok(()),
        Err(error) => Err(error),
        Ok(_) => {
            COUNTS.migrations.fetch_add(1, Relaxed);
            Ok(())
        }
    }
}

fn kill(worker: usize) -> Result<(), SysError> {
    crew::end(worker)?;
    afterlife::begin(worker);
    COUNTS.kills.fetch_add(1, Relaxed);
    Ok(())
}

/// Makes a deleted worker again, once its last messages are accounted for.
fn revive(worker: usize, random: &mut Random) -> Result<(), u64> {
    if !SLOTS[worker].dead.load(Acquire) || !afterlife::settle(worker, false) {
        return Ok(());
    }
    crew::start(worker, random).map_err(|error| match error {
        StartError::Refused(error) => error.raw(),
        StartError::NotStarted(error) => error.raw() << 8,
        StartError::StackInUse => u64::MAX,
    })
}
