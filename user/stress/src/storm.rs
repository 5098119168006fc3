//! Threads on all CPUs that make, delete, move, restart and abort the same few others, and each other, as fast as they can.
//!
//! Nobody keeps books here. Every call must end, with a result that the interface names for it, and when all is over nothing
//! must be left.

use core::arch::naked_asm;
use core::cell::UnsafeCell;
use core::sync::atomic::{
    AtomicU32, AtomicU64,
    Ordering::{Acquire, Relaxed, Release},
};

use l4::abi::exregs;
use l4::string::{self, Buffers, LongMessage};
use l4::syscall::Registers;
use l4::thread::{self, Builder, StartError};
use l4::{
    Fpage, Message, Rights, SysError, ThreadId, Time, Timeouts, ipc, kip, memory, schedule, space,
};
use stress::mix::Kind;
use stress::random::Random;
use stress::wrong::What;

use crate::board::{RUN, Stage, report};
use crate::provider;
use crate::staff::{Member, STORMER, STORMERS, next_version};
use crate::worker::nowhere;

/// The few others.
pub(crate) const VICTIMS: usize = 12;
/// Above all workers.
const PRIORITY: u8 = 205;
/// Set in a stream number to keep these random numbers apart from the workers'.
const STREAM: u64 = 7 << 60;
/// How long victims live before the storm.
const REHEARSAL: Time = Time::period(20_000);
/// Bytes of a victim's stack.
const STACK: usize = 8 << 10;
/// Bytes of a victim's strings.
const TEXT: usize = 3 << 12;

#[repr(C, align(4096))]
struct Memory<const SIZE: usize>(UnsafeCell<[u8; SIZE]>);

// SAFETY: used by the victim whose it is alone; the kernel has one thread of a number at a time.
unsafe impl<const SIZE: usize> Sync for Memory<SIZE> {}

static STACKS: [Memory<STACK>; VICTIMS] = [const { Memory(UnsafeCell::new([0; STACK])) }; VICTIMS];
static TEXTS: [[Memory<TEXT>; 2]; VICTIMS] =
    [const { [const { Memory(UnsafeCell::new([0; TEXT])) }; 2] }; VICTIMS];
/// Thread number of the first victim; the others' follow.
static FIRST: AtomicU32 = AtomicU32::new(0);
/// The last version of each victim.
static VERSIONS: [AtomicU32; VICTIMS] = [const { AtomicU32::new(0) }; VICTIMS];

/// Calls that were made.
pub(crate) static CALLS: AtomicU64 = AtomicU64::new(0);

/// Starts the threads, one on each CPU.
pub(crate) fn start() -> Result<(), StartError> {
    if !RUN.mix().has(Kind::Storm) {
        return Ok(());
    }
    if FIRST.load(Relaxed) == 0 {
        let numbers = [const { thread::fresh_id }; VICTIMS].map(|fresh| fresh().number());
        FIRST.store(numbers[0], Release);
        rehearse()?;
    }
    let number = RUN.cpus.load(Relaxed).min(STORMERS);
    for (index, stormer) in STORMER[..number].iter().enumerate() {
        let plan = Builder::new().cpu(index).priority(PRIORITY);
        stormer.start(plan, storm, index)?;
    }
    Ok(())
}

/// Lets each victim live once in the root task's space and in one of its own, so that the kernel has what it keeps for a
/// number.
fn rehearse() -> Result<(), SysError> {
    for kind in [1, 2] {
        for victim in 0..VICTIMS {
            create(victim, kind)?;
            activate(victim, victim)?;
        }
        ipc::sleep(REHEARSAL);
        end()?;
    }
    Ok(())
}

/// Whether all of them came to their end.
pub(crate) fn are_finished() -> bool {
    STORMER.iter().all(Member::is_finished)
}

/// Deletes the victims.
pub(crate) fn end() -> Result<(), SysError> {
    if FIRST.load(Acquire) == 0 {
        return Ok(());
    }
    (0..VICTIMS).try_for_each(|victim| thread::delete(newest(victim)))
}

/// The last ids that the victims had, or may have had.
pub(crate) fn last_ids() -> impl Iterator<Item = ThreadId> {
    let first = FIRST.load(Acquire);
    let there = VERSIONS.iter().enumerate().filter(move |_| first != 0);
    there.flat_map(move |(victim, version)| {
        let last = version.load(Acquire);
        let versions = last.saturating_sub(64).max(1)..=last;
        let names = versions.filter(|version| !version.is_multiple_of(64));
        names.map(move |version| ThreadId::global(first + victim as u32, version))
    })
}

/// The id of the victim that was made last under that number, or is being made.
fn newest(victim: usize) -> ThreadId {
    let version = VERSIONS[victim].load(Acquire).max(1);
    ThreadId::global(FIRST.load(Acquire) + victim as u32, version)
}

fn storm(index: u64) {
    let stormer = &STORMER[index as usize];
    let version = u64::from(thread::myself().version());
    let mut random = Random::new(RUN.seed.load(Relaxed), STREAM | version << 8 | index);
    while !RUN.has_come_to(Stage::Calm) {
        stormer.beat();
        if let Err((what, detail)) = step(&mut random) {
            report(what, index as usize, None, detail);
            ipc::park();
        }
        CALLS.fetch_add(1, Relaxed);
        if random.chance(40) {
            ipc::sleep(Time::period(random.between(50, 800)));
        }
    }
    stormer.finish();
}

/// One call. What it is about may be there, on its way, dying, or gone.
fn step(random: &mut Random) -> Result<(), (What, u64)> {
    let victim = random.below(VICTIMS as u64) as usize;
    let other = random.below(VICTIMS as u64) as usize;
    let id = newest(victim);
    let result = match random.below(20) {
        0..3 => create(victim, other),
        3..6 => activate(victim, other),
        6..8 => begin(victim),
        8..10 => thread::delete(id),
        10 => abort(someone(random), random),
        11 => return move_somewhere(id, random),
        12 => return move_somewhere(thread::myself(), random),
        13 => return move_somewhere(someone(random), random),
        14 => {
            memory::unmap(page_of(victim, random));
            Ok(())
        }
        15 => halt(id, random),
        _ => {
            talk(id, random);
            Ok(())
        }
    };
    match result {
        // These say that somebody else was faster.
        Ok(())
        | Err(
            SysError::InvalidThread
            | SysError::InvalidSpace
            | SysError::InvalidParameter
            | SysError::UtcbArea
            | SysError::KipArea,
        ) => Ok(()),
        Err(error) => Err((What::Refused, error.raw())),
    }
}

/// Makes a thread, in a space of its own, in the root task's, or in that of another victim; or moves it there if it exists.
fn create(victim: usize, other: usize) -> Result<(), SysError> {
    let version = next_version(VERSIONS[victim].load(Acquire));
    VERSIONS[victim].store(version, Release);
    let id = newest(victim);
    match other % 4 {
        0 if other != victim => thread::create_inactive(id, newest(other)),
        1 => thread::create_inactive(id, thread::myself()),
        _ => space::Builder::new().create(id),
    }
}

/// Makes it one that can run.
fn activate(victim: usize, other: usize) -> Result<(), SysError> {
    let id = newest(victim);
    let pager = provider::of(other, victim % RUN.cpus.load(Relaxed));
    let slot = u64::from(id.number() - kip::thread_info().user_base);
    thread::activate(id, id, pager, space::Builder::new().utcb(slot))?;
    begin(victim)
}

/// Lets it begin, or begin again.
fn begin(victim: usize) -> Result<(), SysError> {
    let registers = Registers {
        control: exregs::START,
        ip: victims_entry as *const () as u64,
        sp: STACKS[victim].0.get() as u64 + STACK as u64,
        ..Registers::default()
    };
    // SAFETY: the only thread of that number begins anew on its own stack; it holds nothing.
    unsafe { thread::exchange(newest(victim), registers) }.map(|_| ())
}

/// A victim, or one of those who storm, or the caller.
fn someone(random: &mut Random) -> ThreadId {
    let stormer = STORMER[random.below(STORMERS as u64) as usize].thread();
    match random.below(4) {
        0 => thread::myself(),
        1 => newest(random.below(VICTIMS as u64) as usize),
        _ => stormer.unwrap_or(thread::myself()),
    }
}

fn abort(id: ThreadId, random: &mut Random) -> Result<(), SysError> {
    let registers = Registers {
        control: [
            exregs::SEND,
            exregs::RECEIVE,
            exregs::SEND | exregs::RECEIVE,
        ][random.below(3) as usize],
        ..Registers::default()
    };
    // SAFETY: neither instruction nor stack pointer change.
    unsafe { thread::exchange(id, registers) }.map(|_| ())
}

fn halt(id: ThreadId, random: &mut Random) -> Result<(), SysError> {
    if random.chance(50) {
        thread::halt(id)
    } else {
        thread::resume(id)
    }
}

/// Moves a thread, the caller perhaps, to some CPU, or to one that does not exist.
fn move_somewhere(id: ThreadId, random: &mut Random) -> Result<(), (What, u64)> {
    let cpus = RUN.cpus.load(Relaxed) as u64;
    let exists = random.chance(80);
    let cpu = if exists {
        random.below(cpus) as usize
    } else {
        nowhere(random)
    };
    match schedule::set_cpu(id, cpu) {
        Ok(_) if !exists => Err((What::Accepted, cpu as u64)),
        Ok(_) | Err(SysError::InvalidThread | SysError::InvalidParameter) => Ok(()),
        Err(error) => Err((What::Refused, error.raw())),
    }
}

fn page_of(victim: usize, random: &mut Random) -> Fpage {
    let begin = match random.below(3) {
        0 => STACKS[victim].0.get() as u64,
        side => TEXTS[victim][side as usize - 1].0.get() as u64 + (random.below(3) << 12),
    };
    Fpage::new(begin, 12, Rights::FULL)
}

/// The function of a victim: talks to whoever is there, or is not, for as long as it lives.
fn victims_life() -> ! {
    let me = thread::myself();
    let victim = (me.number() - FIRST.load(Acquire)) as usize;
    let mut random = Random::new(
        RUN.seed.load(Relaxed),
        STREAM | u64::from(me.version()) << 8 | 0x80,
    );
    let text = || {
        // SAFETY: this victim's own, for the time of one call.
        TEXTS[victim % VICTIMS]
            .each_ref()
            .map(|memory| unsafe { &mut *memory.0.get() })
    };
    loop {
        let partner = newest(random.below(VICTIMS as u64) as usize);
        let [limit, wait] = [(); 2].map(|()| Time::period(random.between(1, 3000)));
        let limits = Timeouts::new(limit, wait);
        let [outgoing, incoming] = text();
        let length = random.below(TEXT as u64 + 1) as usize;
        let long = LongMessage::new(Message::new(1)).string(&outgoing[..length]);
        let buffers = Buffers::new().buffer(&mut incoming[..]);
        // Whatever comes of it: the partner may be anything.
        let _ = match random.below(6) {
            0 => string::exchange(partner, partner, limits, &long, buffers),
            1 => string::exchange(partner, ThreadId::ANY, limits, &long, buffers),
            2 => string::receive_within(ThreadId::ANY, wait, buffers),
            3 => string::receive_within(partner, wait, buffers),
            4 => ipc::exchange(partner, ThreadId::ANY, limits, &Message::new(2).word(3)),
            _ => ipc::receive_within(me, wait),
        };
    }
}

/// A few words or a receive, from somebody who storms.
fn talk(id: ThreadId, random: &mut Random) {
    let [limit, wait] = [(); 2].map(|()| Time::period(random.between(1, 2000)));
    let message = Message::new(4).words(&[5; 20][..random.below(21) as usize]);
    // Whatever comes of it: the partner may be anything.
    let _ = match random.below(4) {
        0 => ipc::send_within(id, &message, limit),
        1 => ipc::receive_within(id, wait).map(|_| ()),
        2 => ipc::receive_within(ThreadId::ANY, wait).map(|_| ()),
        _ => ipc::call_within(id, &message, Timeouts::new(limit, wait)).map(|_| ()),
    };
}

/// The first instructions of a victim, whose registers are undefined but for RIP and RSP.
#[unsafe(naked)]
extern "C" fn victims_entry() -> ! {
    naked_asm!("xor ebp, ebp", "cld", "call {life}", "ud2", life = sym victims_life_c)
}

extern "C" fn victims_life_c() -> ! {
    victims_life()
}
