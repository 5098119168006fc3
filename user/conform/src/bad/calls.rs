//! Garbage through the stubs.

use l4::abi::layout::NOT_GIVEN;
use l4::syscall::{self, Registers};
use l4::{Tag, ThreadId, Time, Timeouts, thread, utcb};

use super::still_works;
use crate::harness::raw::{self, Verdict, refused};
use crate::harness::regular::Random;
use crate::harness::{Job, Outcome, board, check, equal, ids, pause, worker};

/// Words that fit nothing well. None is the id of a live thread.
const WORDS: [u64; 20] = [
    0,
    1,
    0x3F,
    0x41,
    0x1001,
    0xBF00_0001,
    0x7FFF_FFFF_FFFF,
    0x8000_0000_0001,
    0x7FFF_FFFF_FFFF_FFFF,
    0x8000_0000_0000_0001,
    0xFFFF_7FFF_FFFF_FFFF,
    0xFFFF_8000_0000_0001,
    0xFFFF_FE00_0000_0001,
    0xFFFF_FFFF_8020_0001,
    0xFFFF_FFFF_FFFF_FFFE,
    u64::MAX,
    !0x3F,
    0x1BEE_0000_0001,
    0x5555_5555_5555_5555,
    0xAAAA_AAAA_AAAA_AAAB,
];

fn word(random: &mut Random) -> u64 {
    WORDS[random.below(WORDS.len() as u64) as usize]
}

/// Does `work` 300 times with garbage in a thread here and in one elsewhere. Twice: what the kernel
/// keeps after the first time is enough for the second.
#[track_caller]
fn everywhere(work: fn(u64) -> u64) -> Outcome {
    let mut before = None;
    // A number that was never used costs memory of its own.
    let mut ids = [ids::fresh(), ids::fresh()];
    for _ in 0..2 {
        before = l4::control::free_frames();
        for (plan, id) in [worker::here(), worker::away()].into_iter().zip(&mut ids) {
            worker::perform(plan.id(*id), work, 0)?;
            thread::delete(*id)?;
            *id = ids::next_version(*id);
        }
    }
    let after = l4::control::free_frames();
    equal("free frames after the second time", after, before)?;
    still_works()
}

fn times(mut work: impl FnMut(&mut Random)) -> u64 {
    let mut random = Random::new(7);
    for _ in 0..300 {
        work(&mut random);
    }
    0
}

/// Timeouts end every call; what arrives or not does not matter.
pub(super) fn ipc() -> Outcome {
    everywhere(|_| {
        times(|random| {
            let to = ThreadId::from_raw(word(random));
            let from = ThreadId::from_raw(word(random));
            let tag = word(random);
            let short = [Time::ZERO, Time::period(300), Time::from_raw(0x800)];
            let time = short[random.below(3) as usize];
            let words: [u64; 63] = core::array::from_fn(|_| word(random));
            Job::new(to, from)
                .tag(tag)
                .registers(1, &words)
                .within(time, time)
                .now();
        })
    })
}

/// Whatever got created is deleted again.
pub(super) fn thread_control() -> Outcome {
    everywhere(|_| {
        times(|random| {
            let dest =
                [word(random), ids::fresh_looking(random.below(4))][random.below(2) as usize];
            let space = [word(random), dest][random.below(2) as usize];
            let [scheduler, pager, utcb] = [word(random), word(random), word(random)];
            raw::thread_control(dest, space, scheduler, pager, utcb);
            raw::thread_control(dest, 0, 0, 0, NOT_GIVEN);
        })
    })
}

pub(super) fn space_control() -> Outcome {
    let space = ids::fresh();
    equal("creation", raw::create(space, space), raw::DONE)?;
    board::put(0, space.raw());
    everywhere(|_| {
        times(|random| {
            // Half of the areas make no sense in some way; the others are kept out by the second.
            let dest = [word(random), board::get(0)][random.below(2) as usize];
            raw::space_control(
                dest,
                word(random),
                word(random),
                word(random) | 0xFFFF_8000_0000_0000,
            );
        })
    })?;
    equal("deletion", raw::delete(space), raw::DONE)
}

/// Only of threads that do not exist, and of a halted one of its own space.
pub(super) fn exchange_registers() -> Outcome {
    let victim = worker::start(worker::here(), |_| l4::ipc::park(), 0)?;
    raw::control(victim, l4::abi::exregs::STOP);
    board::put(0, victim.raw());
    everywhere(|_| {
        times(|random| {
            let dest = [word(random) | 1, board::get(0)][random.below(2) as usize];
            let mut any = || word(random);
            let [control, sp, ip, flags, handle, pager] = core::array::from_fn(|_| any());
            let control = control | l4::abi::exregs::HALT_VALID | l4::abi::exregs::HALT;
            raw::exchange(
                dest,
                Registers {
                    control,
                    sp,
                    ip,
                    flags,
                    handle,
                    pager,
                },
            );
        })
    })
}

pub(super) fn schedule_and_switch() -> Outcome {
    let victim = worker::here().create()?;
    board::put(0, victim.raw());
    everywhere(|_| {
        times(|random| {
            let dest = [word(random) | 1, board::get(0)][random.below(2) as usize];
            let mut any = || word(random);
            let [time, processor, priority, preemption] = core::array::from_fn(|_| any());
            raw::schedule([dest, time, processor, priority, preemption]);
            syscall::thread_switch(dest);
        })
    })
}

/// Unmap, MemoryControl and ProcessorControl of nothing that is in use.
pub(super) fn memory() -> Outcome {
    everywhere(|_| {
        times(|random| {
            let utcb = utcb::my();
            for index in 0..64 {
                // No rights are revoked, whatever the page.
                utcb.set_mr(index, word(random) & !7);
            }
            // SAFETY: this thread's UTCB; the pages keep their rights.
            unsafe { syscall::unmap(word(random), utcb.mr0()) };
            let attributes = core::array::from_fn(|_| word(random));
            // SAFETY: as above.
            unsafe { syscall::memory_control(word(random), attributes, utcb.mr0()) };
            syscall::processor_control(word(random), word(random), word(random), word(random));
        })
    })
}

/// Pecan's own call: unknown operations, and all but one without privilege.
pub(super) fn control() -> Outcome {
    for op in [8, 9, 100, u64::MAX, 1 << 32] {
        utcb::my().set_error_code(raw::UNTOUCHED);
        let pair = syscall::control(op, [1, 2, 3, 4]);
        equal(
            "result and ErrorCode",
            (pair.first, utcb::my().error_code()),
            (u64::MAX, 5),
        )?;
    }
    for op in 1..8 {
        let call = |op| {
            utcb::my().set_error_code(raw::UNTOUCHED);
            let result = syscall::control(op, [1, 0, 0, 0]).first;
            Verdict {
                result: result & 1,
                error: utcb::my().error_code(),
            }
            .pack()
        };
        let got = worker::perform(worker::away(), call, op)?;
        equal(
            "without privilege",
            Verdict::unpack(got),
            Verdict {
                result: 1,
                ..refused(1)
            },
        )?;
    }
    for cpu in [l4::kip::cpus() as u64, u64::MAX, 1 << 16] {
        check(
            "no such CPU's counter",
            syscall::control(4, [cpu, 0, 0, 0]).first == u64::MAX,
        )?;
        check(
            "no such CPU's round trip",
            syscall::control(5, [cpu, 0, 0, 0]).first == u64::MAX,
        )?;
    }
    check(
        "no such counter",
        syscall::control(4, [0, 99, 0, 0]).first == u64::MAX,
    )?;
    check(
        "no such length",
        syscall::control(1, [25, 0, 0, 0]).first == u64::MAX,
    )
}

fn use_local_id(id: u64) {
    match board::get(0) {
        0 => syscall::thread_switch(id),
        1 => drop(raw::exchange(id, Registers::default())),
        2 => drop(raw::schedule([id, u64::MAX, u64::MAX, u64::MAX, u64::MAX])),
        _ => drop(
            Job::send(ThreadId::from_raw(id))
                .within(Time::ZERO, Time::ZERO)
                .now(),
        ),
    }
}

/// What looks like a local id is read by the stub, in user mode: at worst the caller faults.
pub(super) fn local_ids_of_nobody() -> Outcome {
    let ids = [
        0x40,
        0x100_0000,
        0x7FFF_FFFF_FFC0,
        0x8000_0000_0000,
        0xFFFF_8000_0000_0000,
        0xFFFF_FFFF_8020_0000,
    ];
    let pager = crate::harness::pager::start()?;
    for call in 0..4 {
        board::put(0, call);
        for id in ids {
            let caller = worker::start(worker::away().pager(pager), use_local_id, id)?;
            pause(2_000);
            equal("deletion", raw::delete(caller), raw::DONE)?;
        }
    }
    still_works()
}

/// Typed items and windows of all sorts between two threads of different spaces.
pub(super) fn items() -> Outcome {
    let mut random = Random::new(99);
    let pager = crate::harness::pager::start()?;
    for _ in 0..60 {
        let acceptor = word(&mut random);
        let receiver = Job::receive(thread::myself()).accepting(acceptor);
        // Mappings may take the place of the receiver's own code and stack: it need not answer.
        let receiver = receiver.start(worker::away().pager(pager))?;
        worker::until_waiting(&[receiver.id])?;
        let words: [u64; 8] = core::array::from_fn(|_| word(&mut random));
        let typed = random.below(9) as usize;
        let item = [0, 8, 10, 9, 11, 12, 14][random.below(7) as usize];
        let job = Job::send(receiver.id)
            .tag(Tag::new(3, 0, typed).raw())
            .registers(1, &words);
        let first = words[0] & !0xF | item;
        let done = job
            .registers(1, &[first, words[1] & !6])
            .within(Time::ZERO, Time::ZERO)
            .now();
        check("ended", done.micros < 20_000_000)?;
        equal("deletion", raw::delete(receiver.id), raw::DONE)?;
    }
    let zero = Timeouts::new(Time::ZERO, Time::ZERO);
    check(
        "a plain call to nobody",
        l4::ipc::call_within(ids::fresh(), &l4::Message::new(0), zero).is_err(),
    )?;
    still_works()
}
