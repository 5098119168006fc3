//! What threads and spaces cost of the kernel's memory, and that they give it back.

pub(crate) mod pages;

use l4::{ThreadId, Time, control, space, thread};

use crate::harness::failure::at_most;
use crate::harness::raw::{self, DONE, thread_control};
use crate::harness::{Failure, Job, Outcome, Test, board, check, equal, ids, until, worker};

pub(crate) const TESTS: &[Test] = &[
    Test::new("MEM0001", sixty_four_threads),
    Test::new("MEM0002", threads_leak_nothing),
    Test::new("MEM0003", spaces_leak_nothing),
    Test::new("MEM0004", messages_leak_nothing),
    Test::smp("MEM0005", remote_threads_leak_nothing),
    Test::new("MEM0006", pages::item_without_memory),
    Test::new("MEM0007", pages::large_space_ends_at_once),
    Test::smp("MEM0008", pages::large_space_ends_elsewhere),
    Test::new("MEM0009", pages::interrupts_while_a_space_ends),
];

/// The end of the kernel's memory: runs last, because thread control blocks are never given back.
pub(crate) const LAST: &[Test] = &[Test::new("OOM0001", no_memory_is_an_error)];

/// Free 4-KiB frames of the kernel.
#[track_caller]
fn free() -> Result<u64, Failure> {
    match control::free_frames() {
        Some(frames) => Ok(frames),
        None => Err(Failure::new(format_args!(
            "free frames cannot be asked for"
        ))),
    }
}

#[track_caller]
fn create_active(id: ThreadId) -> Outcome {
    let me = thread::myself().raw();
    equal(
        "creation",
        thread_control(id.raw(), me, me, me, ids::utcb(id)),
        DONE,
    )
}

/// Creating and activating a thread costs at most 8 KiB.
fn sixty_four_threads() -> Outcome {
    let before = free()?;
    for _ in 0..64 {
        create_active(ids::fresh())?;
    }
    at_most("bytes of 64 threads", (before - free()?) * 4096, 64 * 8192)
}

/// Frames free before and after rounds of `work`, of which the first two do not count.
#[track_caller]
fn leaks_nothing(mut work: impl FnMut(u32) -> Outcome) -> Outcome {
    work(0)?;
    work(1)?;
    let before = free()?;
    for round in 2..12 {
        work(round)?;
    }
    equal("free frames", free()?, before)
}

const fn again(id: ThreadId, round: u32) -> ThreadId {
    ThreadId::global(id.number(), id.version() + (round << 16))
}

fn threads_leak_nothing() -> Outcome {
    let numbers: [ThreadId; 16] = core::array::from_fn(|_| ids::fresh());
    leaks_nothing(|round| {
        for id in numbers {
            create_active(again(id, round))?;
        }
        for id in numbers {
            equal("deletion", raw::delete(id), DONE)?;
        }
        Ok(())
    })
}

fn spaces_leak_nothing() -> Outcome {
    let first = ids::fresh();
    let second = ids::fresh();
    leaks_nothing(|round| {
        let plan = space::Builder::new()
            .kip_area(0x5000_0000)
            .utcb_area(0x7F00_0000_0000, 14);
        let id = again(first, round);
        plan.create(id)?;
        let me = thread::myself().raw();
        let place = 0x7F00_0000_0000;
        equal(
            "activation",
            thread_control(id.raw(), id.raw(), 0, me, place),
            DONE,
        )?;
        let other = again(second, round).raw();
        equal(
            "a second",
            thread_control(other, id.raw(), me, me, place + 0x3C00),
            DONE,
        )?;
        equal("deletion", raw::delete(id), DONE)?;
        equal("deletion", raw::delete(second), DONE)
    })
}

/// Messages, timeouts, page faults and cancelled sends.
fn messages_leak_nothing() -> Outcome {
    let id = ids::fresh();
    leaks_nothing(|round| {
        let short = Time::period(500);
        let job = Job::send(thread::myself()).within(short, short);
        let sender = again(id, round);
        job.start(worker::away().id(sender))?.result()?;
        Job::receive(ThreadId::ANY)
            .within(short, short)
            .now()
            .bare_error(3)?;
        equal("deletion", raw::delete(sender), DONE)
    })
}

fn remote_threads_leak_nothing() -> Outcome {
    let id = ids::fresh();
    leaks_nothing(|round| {
        board::put(0, 0);
        let there = again(id, round);
        worker::start(worker::away().id(there).cpu(1), |_| board::put(0, 1), 0)?;
        until("it ran", || board::get(0) == 1)?;
        equal("deletion", raw::delete(there), DONE)
    })
}

/// Threads until the kernel has no memory left: an error, and everything else goes on.
fn no_memory_is_an_error() -> Outcome {
    let me = thread::myself().raw();
    let number = |index: u32| ThreadId::global(l4::kip::thread_info().user_base + 1000 + index, 1);
    let mut made = 0;
    let refusal = loop {
        let id = number(made).raw();
        let verdict = thread_control(id, id, me, 0, u64::MAX);
        if verdict != DONE || made == 200_000 {
            break verdict;
        }
        made += 1;
    };
    let existing = Job::receive(ThreadId::ANY)
        .within(Time::ZERO, Time::ZERO)
        .now();
    for index in 0..made {
        equal("deletion", raw::delete(number(index)), DONE)?;
    }
    check("many threads before that", made > 100)?;
    equal("verdict", refusal, raw::refused(8))?;
    existing.bare_error(3)?;
    let id = number(0).raw();
    equal(
        "after deletion",
        thread_control(id, id, me, 0, u64::MAX),
        DONE,
    )?;
    equal("deletion", raw::delete(number(0)), DONE)
}
