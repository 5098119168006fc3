//! ExchangeRegisters on threads of this CPU.

mod copying;
mod inside;
mod nested;
mod transfer;

use core::arch::naked_asm;

use l4::abi::exregs as bit;
use l4::abi::schedule::ThreadState::{self, PendingSend};
use l4::syscall::Registers;
use l4::{ThreadId, ipc, schedule, thread, utcb};

use crate::harness::raw::{self, UNTOUCHED, Verdict, refused};
use crate::harness::regular::{local, spin};
use crate::harness::{
    Failure, Job, Outcome, Test, board, check, equal, hex, ids, pause, until, worker,
};

pub(crate) const TESTS: &[Test] = &[
    Test::new("XR0001", unknown),
    Test::new("XR0002", inactive),
    Test::new("XR0003", reads_handle_and_pager),
    Test::new("XR0004", sets_only_what_it_is_told),
    Test::new("XR0005", stop_and_resume),
    Test::new("XR0006", new_instruction_pointer),
    Test::new("XR0007", abort_is_for_the_named_phase),
    Test::new("XR0008", thrash),
    Test::new("XR0009", other_space_by_its_pager),
    Test::new("XR0010", other_space_refused),
    Test::new("XR0011", flags),
    Test::new("XR0012", oneself),
    Test::new("XR0013", aborted_call),
    Test::new("XR0014", unprivileged_in_its_own_space),
    Test::new("XR0015", inside::in_a_page_fault),
    Test::new("XR0016", inside::stopped_in_an_ipc),
    Test::new("XR0017", inside::stop_then_start),
    Test::new("XR0018", inside::oneself),
    Test::new("XR0019", inside::delivers),
    Test::new("XR0020", inside::stopped_while_queued),
    Test::new("XR0021", inside::stop_and_change),
    Test::new("XR0022", copying::looks),
    Test::new("XR0023", copying::registers),
    Test::new("XR0024", copying::halted),
    Test::new("XR0025", copying::halted_for_a_moment),
    Test::new("XR0026", copying::aborted),
    Test::new("XR0027", copying::aborted_and_more),
    Test::new("XR0028", nested::looks),
    Test::new("XR0029", nested::registers),
    Test::new("XR0030", nested::halted),
    Test::new("XR0031", nested::pager),
    Test::new("XR0032", nested::stopped),
    Test::new("XR0033", nested::started),
    Test::smp("XR0034", copying::from_another_cpu),
];

const NOTHING: Registers = Registers {
    control: 0,
    sp: 0,
    ip: 0,
    flags: 0,
    handle: 0,
    pager: 0,
};

#[track_caller]
fn parked() -> Result<ThreadId, Failure> {
    let id = worker::start(worker::here(), |_| ipc::park(), 0)?;
    worker::until_waiting(&[id])?;
    Ok(id)
}

/// Everything that comes back is zero.
#[track_caller]
fn refuses(id: u64) -> Outcome {
    let asked = Registers {
        control: 0x19E,
        sp: 1,
        ip: 2,
        flags: 3,
        handle: 4,
        pager: 5,
    };
    equal("result", raw::exchange(id, asked), (refused(2), NOTHING))
}

fn unknown() -> Outcome {
    refuses(ids::fresh().raw())?;
    refuses(ids::next_version(parked()?).raw())?;
    refuses(ThreadId::global(l4::kip::thread_info().system_base, 1).raw())?;
    refuses(ThreadId::NIL.raw())
}

fn inactive() -> Outcome {
    let id = ids::fresh();
    equal("creation", raw::create(id, thread::myself()), raw::DONE)?;
    refuses(id.raw())
}

fn reads_handle_and_pager() -> Outcome {
    let id = parked()?;
    let new = Registers {
        control: bit::SET_HANDLE,
        handle: 0x1234_5678_9ABC_DEF0,
        ..NOTHING
    };
    raw::exchange(id.raw(), new);
    let (verdict, old) = raw::control(id, bit::DELIVER);
    equal(
        "verdict",
        verdict,
        Verdict {
            result: local(id)?.raw(),
            error: UNTOUCHED,
        },
    )?;
    hex("handle", old.handle, 0x1234_5678_9ABC_DEF0)?;
    hex("pager", old.pager, l4::pager::running().raw())?;
    hex("control", old.control, bit::RECEIVE)?;
    let (verdict, _) = raw::control(local(id)?, 0);
    hex("result for a local id", verdict.result, id.raw())
}

fn sets_only_what_it_is_told() -> Outcome {
    let id = parked()?;
    let (_, before) = raw::control(id, 0);
    let values = Registers {
        sp: 0x10,
        ip: 0x20,
        flags: 1,
        handle: 0x30,
        pager: 0x41,
        control: 0,
    };
    raw::exchange(id.raw(), values);
    equal("after control 0", raw::control(id, 0).1, before)?;
    raw::exchange(
        id.raw(),
        Registers {
            control: bit::SET_PAGER,
            ..values
        },
    );
    let expected = Registers {
        pager: 0x41,
        ..before
    };
    equal("after a new pager", raw::control(id, 0).1, expected)?;
    raw::exchange(
        id.raw(),
        Registers {
            control: bit::SET_HANDLE,
            ..values
        },
    );
    let expected = Registers {
        handle: 0x30,
        ..expected
    };
    equal("after a new handle", raw::control(id, 0).1, expected)
}

/// A stopped thread stands still; its next stop tells that it was halted.
fn stop_and_resume() -> Outcome {
    let id = worker::start(worker::here(), spin, 0)?;
    until("it runs", || board::get(0) > 0)?;
    let (_, old) = raw::control(id, bit::HALT_VALID | bit::HALT);
    hex("control", old.control, 0)?;
    equal("state", schedule::state(id), Ok(ThreadState::Inactive))?;
    let then = board::get(0);
    pause(30_000);
    equal("count while halted", board::get(0), then)?;
    let (_, old) = raw::control(id, bit::HALT_VALID | bit::HALT);
    hex("control when halted", old.control, bit::HALT)?;
    check(
        "its ip is inside the program",
        l4::kip::kip().root.high > old.ip && old.ip > 0x100_0000,
    )?;
    raw::control(id, bit::HALT_VALID);
    until("it goes on", || board::get(0) > then)?;
    equal("state", schedule::state(id), Ok(ThreadState::Running))
}

/// Stores RSP in board word 2 (its address is on the stack) and counts in word 1.
#[unsafe(naked)]
extern "C" fn landing() -> ! {
    naked_asm!(
        "mov rax, [rsp]",
        "mov rcx, [rsp + 8]",
        "mov [rax], rsp",
        "2: lock inc qword ptr [rcx]",
        "pause",
        "jmp 2b",
    )
}

fn new_instruction_pointer() -> Outcome {
    let id = worker::start(worker::here(), spin, 0)?;
    until("it runs", || board::get(0) > 0)?;
    board::put(100, board::address(2));
    board::put(101, board::address(1));
    let (ip, sp) = (landing as *const () as u64, board::address(100));
    let control = bit::SET_IP | bit::SET_SP;
    let (_, old) = raw::exchange(
        id.raw(),
        Registers {
            control,
            ip,
            sp,
            ..NOTHING
        },
    );
    check(
        "old ip inside the program",
        (0x100_0000..l4::kip::kip().root.high).contains(&old.ip),
    )?;
    until("it counts there", || board::get(1) > 0)?;
    hex("its stack pointer", board::get(2), sp)?;
    let then = board::get(0);
    pause(10_000);
    equal("the old count", board::get(0), then)
}

fn abort_is_for_the_named_phase() -> Outcome {
    let receiver = Job::receive(ThreadId::ANY).start(worker::here())?;
    worker::until_waiting(&[receiver.id])?;
    hex(
        "receiving",
        raw::control(receiver.id, bit::SEND).1.control,
        bit::RECEIVE,
    )?;
    pause(5_000);
    worker::until_waiting(&[receiver.id])?;
    check("not aborted", !receiver.is_done())?;
    raw::control(receiver.id, bit::RECEIVE);
    receiver.result()?.bare_error(7)?;
    let sender = Job::send(thread::myself())
        .words(1, 1, 1)
        .start(worker::here())?;
    worker::until_state(sender.id, PendingSend)?;
    hex(
        "sending",
        raw::control(sender.id, bit::RECEIVE).1.control,
        bit::SEND,
    )?;
    worker::until_state(sender.id, PendingSend)?;
    check("not aborted", !sender.is_done())?;
    raw::control(sender.id, bit::SEND);
    sender.result()?.error_with_tag(6, 0x1_0001)
}

fn thrash() -> Outcome {
    let id = parked()?;
    let control = bit::SET_SP | bit::SET_IP | bit::RECEIVE | bit::SEND;
    board::put(100, board::address(2));
    board::put(101, board::address(1));
    let (ip, sp) = (landing as *const () as u64, board::address(100));
    for _ in 0..100 {
        let (verdict, _) = raw::exchange(
            id.raw(),
            Registers {
                control,
                ip,
                sp,
                ..NOTHING
            },
        );
        hex("result", verdict.result, local(id)?.raw())?;
    }
    until("it runs", || board::get(1) > 0)
}

/// The pager's space may exchange registers of a thread in another space.
fn other_space_by_its_pager() -> Outcome {
    let id = worker::start(worker::away(), |_| ipc::park(), 0)?;
    worker::until_waiting(&[id])?;
    let (verdict, old) = raw::control(id, bit::RECEIVE | bit::SEND);
    hex("result", verdict.result, l4::abi::layout::UTCB_AREA + 512)?;
    hex("control", old.control, bit::RECEIVE)
}

/// sigma0 is not this space's to change, nor is root a stranger's.
fn other_space_refused() -> Outcome {
    refuses(l4::kip::sigma0().raw())?;
    let call = |id| raw::control(ThreadId::from_raw(id), 0).0.pack();
    let got = worker::perform(worker::away(), call, l4::kip::root().raw())?;
    equal("a stranger's call", Verdict::unpack(got), refused(2))?;
    let neighbour = worker::start(worker::away(), |_| ipc::park(), 0)?;
    let got = worker::perform(worker::away(), call, neighbour.raw())?;
    equal("a neighbour's call", Verdict::unpack(got), refused(2))
}

/// Of the flags only the arithmetic ones can be set.
fn flags() -> Outcome {
    let id = worker::start(worker::here(), spin, 0)?;
    until("it runs", || board::get(0) > 0)?;
    raw::control(id, bit::HALT_VALID | bit::HALT);
    for flags in [u64::MAX, 0] {
        let (_, before) = raw::control(id, 0);
        raw::exchange(
            id.raw(),
            Registers {
                control: bit::SET_FLAGS,
                flags,
                ..NOTHING
            },
        );
        let (_, after) = raw::control(id, 0);
        let expected = before.flags & !bit::USER_FLAGS | flags & bit::USER_FLAGS;
        hex("flags", after.flags, expected)?;
        hex("IF", after.flags & 0x200, 0x200)?;
    }
    raw::control(id, bit::HALT_VALID);
    let then = board::get(0);
    until("it goes on", || board::get(0) > then)
}

fn oneself() -> Outcome {
    let me = thread::myself();
    let new = Registers {
        control: bit::SET_HANDLE,
        handle: 99,
        ..NOTHING
    };
    let (verdict, old) = raw::exchange(me.raw(), new);
    hex("result", verdict.result, utcb::my().mr0() as u64)?;
    hex("control", old.control, 0)?;
    hex("handle", utcb::my().user_handle(), 99)
}

/// A call is aborted in its receive phase, after its message was delivered.
fn aborted_call() -> Outcome {
    let server = Job::receive(ThreadId::ANY).start(worker::away())?;
    worker::until_waiting(&[server.id])?;
    let client = Job::call(server.id).words(1, 2, 3).start(worker::here())?;
    server.result()?.carries(1, 2, 3, 0)?;
    worker::until_waiting(&[client.id])?;
    hex(
        "control",
        raw::control(client.id, bit::RECEIVE).1.control,
        bit::RECEIVE,
    )?;
    client.result()?.bare_error(7)
}

fn stop_a_spinner(id: u64) -> u64 {
    raw::control(ThreadId::from_raw(id), bit::HALT_VALID | bit::HALT)
        .0
        .error
}

/// It takes no privilege to change a thread of one's own space.
fn unprivileged_in_its_own_space() -> Outcome {
    let id = worker::start(worker::away().priority(50), spin, 0)?;
    until("it runs", || board::get(0) > 0)?;
    let plan = worker::here().in_space_of(id);
    let error = worker::perform(plan, stop_a_spinner, id.raw())?;
    hex("ErrorCode", error, UNTOUCHED)?;
    equal("state", schedule::state(id), Ok(ThreadState::Inactive))
}
