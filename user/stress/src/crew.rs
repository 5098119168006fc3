//! Making workers, and making them again.

use core::sync::atomic::{
    AtomicU32,
    Ordering::{Acquire, Relaxed, Release},
};

use l4::thread::{self, Builder, StartError};
use l4::{Fpage, Rights, Stack, SysError, ThreadId, Time, clock};
use stress::plan::{MOST_WORKERS, Space};
use stress::random::Random;

use crate::board::{Doing, RUN, SLOTS};
use crate::provider;
use crate::staff::next_version;
use crate::worker;

static STACKS: [Stack<16384>; MOST_WORKERS] = [const { Stack::new() }; MOST_WORKERS];
static NUMBERS: [AtomicU32; MOST_WORKERS] = [const { AtomicU32::new(0) }; MOST_WORKERS];

/// Chooses thread numbers for all workers.
pub(crate) fn enrol() {
    for number in &NUMBERS[..RUN.workers()] {
        number.store(thread::fresh_id().number(), Release);
    }
}

/// Thread number of worker `index`, the same in every life.
pub(crate) fn number(index: usize) -> u32 {
    NUMBERS[index].load(Relaxed)
}

/// The last id that worker `index` had.
pub(crate) fn last_id(index: usize) -> ThreadId {
    ThreadId::global(number(index), SLOTS[index].version.load(Relaxed) as u32)
}

/// Gives worker `index` a new life, under the next version.
pub(crate) fn start(index: usize, random: &mut Random) -> Result<(), StartError> {
    let (slot, plan) = (&SLOTS[index], RUN.worker(index));
    let version = next_version(slot.version.load(Relaxed) as u32);
    slot.version.store(version.into(), Release);
    slot.finished.store(false, Release);
    slot.doing.store(Doing::NOTHING.0, Release);
    slot.ticket.store(0, Release);
    let id = ThreadId::global(number(index), version);
    let builder = Builder::new()
        .id(id)
        .cpu(plan.cpu)
        .priority(random.between(20, 200) as u8)
        .slice(Time::period(random.between(300, 10_000)));
    let builder = match plan.space {
        Space::Root => builder,
        Space::Shared if index > 0 => builder
            .in_space_of(first())
            .pager(provider::of(index, plan.cpu)),
        Space::Shared | Space::Own => builder.new_space().pager(provider::of(index, plan.cpu)),
    };
    builder.start(worker::work, index as u64, &STACKS[index])?;
    slot.id.store(id.raw(), Release);
    Ok(())
}

/// Ends the life of worker `index`; what it was doing stays on the board.
pub(crate) fn end(index: usize) -> Result<(), SysError> {
    let slot = &SLOTS[index];
    let Some(id) = slot.thread() else {
        return Ok(());
    };
    let version = u64::from(id.version());
    slot.alive.store(false, Release);
    slot.dying_at.store(clock::micros(), Release);
    slot.dying.store(version, Release);
    slot.id.store(0, Release);
    thread::delete(id)?;
    slot.buried_at.store(clock::micros(), Release);
    slot.buried.store(version, Release);
    // SAFETY: the only thread that ran on it is deleted.
    unsafe { STACKS[index].release() };
    slot.dead.store(true, Release);
    Ok(())
}

/// A page of the stack of worker `index`.
pub(crate) fn page_of_stack(index: usize, random: &mut Random) -> Fpage {
    let begin = core::ptr::from_ref(&STACKS[index]) as u64;
    let inside = begin + random.below(size_of_val(&STACKS[index]) as u64);
    Fpage::new(inside & !0xfff, 12, Rights::FULL)
}

/// The first thread of the shared space.
fn first() -> ThreadId {
    ThreadId::from_raw(SLOTS[0].id.load(Acquire))
}
