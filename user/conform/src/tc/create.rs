//! Creating threads, and what ThreadControl refuses, in the order of its checks.

use l4::abi::exregs;
use l4::abi::layout::{NOT_GIVEN, UTCB_AREA, UTCB_AREA_LOG2};
use l4::abi::schedule::ThreadState;
use l4::syscall::Registers;
use l4::{Message, ThreadId, ipc, kip, pager, schedule, thread, utcb};

use crate::harness::raw::{self, DONE, Verdict, refused, thread_control};
use crate::harness::{Outcome, SOON, board, equal, ids, until, worker};

fn me() -> u64 {
    thread::myself().raw()
}

fn without_privilege(dest: u64) -> u64 {
    thread_control(dest, dest, me(), 0, NOT_GIVEN).pack()
}

/// Privilege is checked first: it does not matter what is asked for.
pub(super) fn needs_privilege() -> Outcome {
    for dest in [
        ids::fresh().raw(),
        0,
        UTCB_AREA + 512,
        ThreadId::interrupt(3).raw(),
    ] {
        let got = worker::perform(worker::away(), without_privilege, dest)?;
        equal("verdict", Verdict::unpack(got), refused(1))?;
    }
    let victim = worker::start(worker::away(), |_| ipc::park(), 0)?;
    let delete = |dest: u64| thread_control(dest, 0, 0, 0, NOT_GIVEN).pack();
    let got = worker::perform(worker::away(), delete, victim.raw())?;
    equal("deletion", Verdict::unpack(got), refused(1))?;
    worker::until_waiting(&[victim])
}

pub(super) fn destination_must_be_global() -> Outcome {
    let mine = utcb::my().local_id().raw();
    for dest in [mine, 0, ThreadId::ANY_LOCAL.raw(), 0x40] {
        equal(
            "creation",
            thread_control(dest, me(), me(), 0, NOT_GIVEN),
            refused(3),
        )?;
        equal(
            "deletion",
            thread_control(dest, 0, 0, 0, NOT_GIVEN),
            refused(3),
        )?;
    }
    Ok(())
}

/// Numbers of interrupt threads (with a version that they do not have) and of kernel threads.
pub(super) fn reserved_numbers() -> Outcome {
    let base = kip::thread_info();
    let reserved = [
        (0, 2),
        (1, 2),
        (base.system_base, 1),
        (base.user_base - 1, 1),
        (base.system_base, 7),
    ];
    for (number, version) in reserved {
        let dest = ThreadId::global(number, version).raw();
        equal(
            "creation",
            thread_control(dest, dest, me(), 0, NOT_GIVEN),
            refused(2),
        )?;
        equal(
            "with a pager",
            thread_control(dest, me(), me(), me(), UTCB_AREA + 0x3_FC00),
            refused(2),
        )?;
    }
    Ok(())
}

/// Numbers with more bits than thread numbers have; less the bits they would name threads that exist, or could.
pub(super) fn numbers_beyond_the_last() -> Outcome {
    let beyond = 1 << kip::thread_info().bits;
    let own = thread::myself();
    for number in [own.number(), ids::fresh().number(), beyond - 1] {
        let dest = ThreadId::global(beyond | number, own.version()).raw();
        for space in [dest, me(), 0] {
            equal(
                "ThreadControl",
                thread_control(dest, space, me(), 0, NOT_GIVEN),
                refused(2),
            )?;
        }
    }
    Ok(())
}

pub(super) fn needs_a_scheduler() -> Outcome {
    let id = ids::fresh().raw();
    equal(
        "new space",
        thread_control(id, id, 0, 0, NOT_GIVEN),
        refused(2),
    )?;
    equal(
        "this space",
        thread_control(id, me(), 0, 0, NOT_GIVEN),
        refused(2),
    )
}

pub(super) fn needs_a_space_that_exists() -> Outcome {
    let (id, other) = (ids::fresh().raw(), ids::fresh());
    equal(
        "unknown",
        thread_control(id, other.raw(), me(), 0, NOT_GIVEN),
        refused(3),
    )?;
    let wrong = ids::next_version(thread::myself()).raw();
    equal(
        "wrong version",
        thread_control(id, wrong, me(), 0, NOT_GIVEN),
        refused(3),
    )?;
    let any = ThreadId::ANY.raw();
    equal(
        "any thread",
        thread_control(id, any, me(), 0, NOT_GIVEN),
        refused(3),
    )
}

pub(super) fn active_needs_a_ready_space() -> Outcome {
    let (id, second) = (ids::fresh(), ids::fresh());
    let active = thread_control(id.raw(), id.raw(), me(), me(), UTCB_AREA);
    equal("active in its own new space", active, refused(3))?;
    equal("inactive", raw::create(id, id), DONE)?;
    let active = thread_control(second.raw(), id.raw(), me(), me(), UTCB_AREA);
    equal("active in a space without areas", active, refused(3))
}

pub(super) fn active_needs_a_place() -> Outcome {
    let id = ids::fresh();
    let create = |place: u64| thread_control(id.raw(), me(), me(), me(), place);
    equal("no place", create(NOT_GIVEN), refused(6))?;
    let good = ids::utcb(id);
    for place in [
        good + 8,
        good + 512,
        good + 1,
        good - 64,
        0,
        0x100_0000,
        0xFFFF_8000_0000_0000,
    ] {
        equal("bad place", create(place), refused(6))?;
    }
    equal(
        "the thread does not exist",
        schedule::state(id),
        Err(l4::SysError::InvalidThread),
    )
}

pub(super) fn places_in_the_area() -> Outcome {
    let id = ids::fresh();
    let create = |place: u64| thread_control(id.raw(), me(), me(), me(), place);
    let end = UTCB_AREA + (1 << UTCB_AREA_LOG2);
    equal("just below", create(UTCB_AREA - 1024), refused(6))?;
    equal("just above", create(end), refused(6))?;
    equal("last", create(end - 1024), DONE)
}

fn run(argument: u64) {
    board::put(0, argument);
}

pub(super) fn inactive_then_active() -> Outcome {
    let id = ids::fresh();
    equal("creation", raw::create(id, thread::myself()), DONE)?;
    equal("state", schedule::state(id), Ok(ThreadState::Dead))?;
    equal(
        "activation",
        thread_control(id.raw(), me(), 0, me(), ids::utcb(id)),
        DONE,
    )?;
    equal("state", schedule::state(id), Ok(ThreadState::Waiting))?;
    worker::start(worker::here(), run, 5)?;
    until("a started thread ran", || board::get(0) == 5)
}

/// Sets a word of the board and waits for ever; knows nothing but the address in its code.
fn bare_entry() -> u64 {
    #[unsafe(naked)]
    extern "C" fn code() -> ! {
        core::arch::naked_asm!("pop rax", "pop rcx", "mov [rax], rcx", "2: pause", "jmp 2b")
    }
    code as *const () as u64
}

/// A stack with the address of board word 1 and a value for it.
fn bare_stack() -> u64 {
    board::put(100, board::address(1));
    board::put(101, 77);
    board::address(100)
}

/// The first message from the pager, with two words, starts it; another thread's does not.
pub(super) fn active_at_once() -> Outcome {
    let id = ids::fresh();
    let made = thread_control(id.raw(), me(), me(), me(), ids::utcb(id));
    equal("creation", made, DONE)?;
    equal("state", schedule::state(id), Ok(ThreadState::Waiting))?;
    let try_start = |id: u64| {
        let message = Message::new(0).words(&[1, 1]);
        ipc::send_within(ThreadId::from_raw(id), &message, l4::Time::ZERO)
            .err()
            .map_or(0, l4::IpcError::raw)
    };
    let stranger = worker::perform(worker::here(), try_start, id.raw())?;
    equal("a stranger's error", stranger, 2)?;
    let start = Message::new(0).words(&[bare_entry(), bare_stack()]);
    ipc::send_within(id, &start, SOON)?;
    until("the thread ran", || board::get(1) == 77)
}

pub(super) fn order_of_checks() -> Outcome {
    let (id, unknown) = (ids::fresh().raw(), ids::fresh().raw());
    equal(
        "scheduler before space",
        thread_control(id, unknown, 0, me(), 1),
        refused(2),
    )?;
    equal(
        "space before place",
        thread_control(id, unknown, me(), me(), 1),
        refused(3),
    )?;
    let local = utcb::my().local_id().raw();
    equal(
        "destination before all",
        thread_control(local, unknown, 0, me(), 1),
        refused(3),
    )?;
    let kernel = ThreadId::global(kip::thread_info().system_base, 1).raw();
    equal(
        "number before scheduler",
        thread_control(kernel, unknown, 0, me(), 1),
        refused(2),
    )
}

/// Aborting the start-up receive starts the thread where ExchangeRegisters says.
pub(super) fn started_by_registers() -> Outcome {
    let id = ids::fresh();
    let made = thread_control(id.raw(), me(), me(), pager::running().raw(), ids::utcb(id));
    equal("creation", made, DONE)?;
    let control = exregs::SET_SP | exregs::SET_IP | exregs::RECEIVE | exregs::SEND;
    let new = Registers {
        control,
        sp: bare_stack(),
        ip: bare_entry(),
        ..Registers::default()
    };
    let (verdict, _) = raw::exchange(id.raw(), new);
    equal("result", verdict.result, ids::utcb(id) + 512)?;
    until("the thread ran", || board::get(1) == 77)
}
