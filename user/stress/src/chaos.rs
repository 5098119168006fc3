//! Threads that interfere with the workers: abort their IPC, change their priorities, move them, delete them, take their
//! pages away.

use core::sync::atomic::{
    AtomicU64,
    Ordering::{Acquire, Relaxed},
};

use l4::abi::exregs;
use l4::syscall::Registers;
use l4::thread::{self, Builder, StartError};
use l4::{Rights, SysError, ThreadId, Time, ipc, memory, schedule};
use stress::mix::Kind;
use stress::plan::Space;
use stress::random::Random;
use stress::wrong::What;

use crate::board::{RUN, SLOTS, Slot, Stage, report};
use crate::staff::{AGENT, AGENTS, DRIVER};
use crate::{afterlife, area, crew, worker};

/// Above all workers.
const PRIORITY: u8 = 210;
/// Set in a stream number to keep these random numbers apart from the workers'.
const STREAM: u64 = 1 << 63;

/// What they did so far.
pub(crate) static COUNTS: Counts = Counts {
    kills: AtomicU64::new(0),
    migrations: AtomicU64::new(0),
    unmaps: AtomicU64::new(0),
};

/// What these threads count.
pub(crate) struct Counts {
    pub(crate) kills: AtomicU64,
    pub(crate) migrations: AtomicU64,
    pub(crate) unmaps: AtomicU64,
}

#[derive(Clone, Copy)]
enum Act {
    Abort,
    BreakOff,
    Prioritise,
    Slice,
    Move,
    MoveNowhere,
    Kill,
    Unmap,
    Poison,
}

/// What they do, how often beside the others, and when.
const ACTS: [(Act, u64, Kind); 9] = [
    (Act::Abort, 3, Kind::Cancel),
    (Act::BreakOff, 3, Kind::Abort),
    (Act::Prioritise, 2, Kind::Priority),
    (Act::Slice, 1, Kind::Priority),
    (Act::Move, 3, Kind::Migrate),
    (Act::MoveNowhere, 1, Kind::Migrate),
    (Act::Kill, 2, Kind::Kill),
    (Act::Unmap, 4, Kind::Unmap),
    (Act::Poison, 3, Kind::Unmap),
];

/// How many there are.
fn number() -> usize {
    RUN.cpus.load(Relaxed).min(AGENTS)
}

/// Starts them: one on each of the first CPUs.
pub(crate) fn start() -> Result<(), StartError> {
    let mix = RUN.mix();
    if !ACTS.iter().any(|(_, _, kind)| mix.has(*kind)) {
        return Ok(());
    }
    for (index, agent) in AGENT[..number()].iter().enumerate() {
        let plan = Builder::new().cpu(index).priority(PRIORITY);
        agent.start(plan, interfere, index)?;
    }
    Ok(())
}

/// Whether all of them came to their end.
pub(crate) fn are_finished() -> bool {
    AGENT.iter().all(crate::staff::Member::is_finished)
}

fn interfere(index: u64) {
    let agent = &AGENT[index as usize];
    // What a worker does in its next life is drawn from its version.
    let version = u64::from(thread::myself().version());
    let mut random = Random::new(RUN.seed.load(Relaxed), STREAM | version << 8 | index);
    while !RUN.has_come_to(Stage::Calm) {
        agent.beat();
        ipc::sleep(Time::period(random.between(100, 2500)));
        if let Err((what, worker, detail)) = act(index as usize, &mut random) {
            report(what, worker, None, detail);
            ipc::park();
        }
    }
    agent.finish();
}

/// The next act, of those that the run has.
fn draw(random: &mut Random) -> Act {
    let mix = RUN.mix();
    let acts = || ACTS.iter().filter(|(_, _, kind)| mix.has(*kind));
    let mut number = random.below(acts().map(|(_, often, _)| often).sum());
    for (act, often, _) in acts() {
        if number < *often {
            return *act;
        }
        number -= often;
    }
    Act::Abort
}

fn act(agent: usize, random: &mut Random) -> Result<(), (What, usize, u64)> {
    let mine = |worker: usize| worker % number() == agent;
    for worker in (0..RUN.workers()).filter(|worker| mine(*worker)) {
        revive(worker, random).map_err(|error| (What::Refused, worker, error))?;
    }
    let act = draw(random);
    let worker = victim(act, random);
    let (slot, plan) = (&SLOTS[worker], RUN.worker(worker));
    // The order matters: a thread that is found alive after its id was read had that id or a later one.
    let id = slot.thread();
    let alive = slot.alive.load(Acquire);
    let Some(id) = id.filter(|_| alive) else {
        return Ok(());
    };
    let result = match act {
        Act::Abort | Act::BreakOff => abort(slot, id, random),
        Act::Prioritise => schedule::set_priority(id, random.between(20, 200) as u8).map(|_| ()),
        Act::Slice => {
            schedule::set_slice(id, Time::period(random.between(200, 10_000))).map(|_| ())
        }
        Act::Move if random.chance(15) => relocate_a_driver(random),
        Act::Move if !plan.settled => relocate(id, random),
        Act::MoveNowhere => match schedule::set_cpu(id, worker::nowhere(random)) {
            Ok(_) => return Err((What::Accepted, worker, id.raw())),
            Err(SysError::InvalidParameter) => Ok(()),
            Err(error) => Err(error),
        },
        Act::Kill if plan.mortal && mine(worker) => kill(worker),
        Act::Unmap if plan.space != Space::Root => {
            unmap(worker, random);
            Ok(())
        }
        Act::Poison if plan.space != Space::Root => {
            COUNTS.unmaps.fetch_add(1, Relaxed);
            return area::poison(worker, random).map_err(|at| (What::Stale, worker, at));
        }
        Act::Move | Act::Kill | Act::Unmap | Act::Poison => Ok(()),
    };
    match result {
        Err(SysError::InvalidThread) if slot.dies(id.version()) => Ok(()),
        Err(error) => Err((What::Refused, worker, error.raw())),
        Ok(()) => Ok(()),
    }
}

/// Whom to do it to: anybody, but who breaks strings off looks for some.
fn victim(act: Act, random: &mut Random) -> usize {
    let workers = RUN.workers() as u64;
    let mut worker = random.below(workers) as usize;
    let tries = if matches!(act, Act::BreakOff | Act::Poison) {
        16
    } else {
        0
    };
    for _ in 0..tries {
        if SLOTS[worker].doing().has_strings() {
            break;
        }
        worker = random.below(workers) as usize;
    }
    worker
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
    let registers = Registers {
        control,
        ..Registers::default()
    };
    // SAFETY: neither instruction nor stack pointer change.
    let exchange = || unsafe { thread::exchange(id, registers) }.map(|_| ());
    match (sends, receives) {
        (true, true) => slot
            .send_aborts
            .count(|| slot.receive_aborts.count(exchange)),
        (true, false) => slot.send_aborts.count(exchange),
        _ => slot.receive_aborts.count(exchange),
    }
}

/// Takes pages of a worker's memory away, or the right to write to them; whoever brings them still has them.
fn unmap(worker: usize, random: &mut Random) {
    let rights = if random.chance(70) {
        Rights::FULL
    } else {
        Rights::WRITE
    };
    for _ in 0..=random.below(4) {
        let page = if random.chance(80) {
            area::some_pages(worker, random, rights)
        } else {
            crew::page_of_stack(worker, random)
        };
        memory::unmap(page);
    }
    COUNTS.unmaps.fetch_add(1, Relaxed);
}

/// Moves a thread that serves interrupts.
fn relocate_a_driver(random: &mut Random) -> Result<(), SysError> {
    let driver = DRIVER[random.below(DRIVER.len() as u64) as usize].thread();
    driver.map_or(Ok(()), |id| relocate(id, random))
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
