//! What is read and set of a thread that waits or runs.

use core::arch::naked_asm;

use l4::abi::exregs as bit;
use l4::syscall::Registers;

use super::{NOTHING, parked};
use crate::harness::raw::{self, UNTOUCHED, Verdict};
use crate::harness::regular::{local, spin};
use crate::harness::{Outcome, board, check, equal, hex, pause, until, worker};

pub(super) fn reads_handle_and_pager() -> Outcome {
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

pub(super) fn sets_only_what_it_is_told() -> Outcome {
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

/// Stores RSP in board word 2 (its address is on the stack) and counts in word 1.
#[unsafe(naked)]
pub(super) extern "C" fn landing() -> ! {
    naked_asm!(
        "mov rax, [rsp]",
        "mov rcx, [rsp + 8]",
        "mov [rax], rsp",
        "2: lock inc qword ptr [rcx]",
        "pause",
        "jmp 2b",
    )
}

/// Registers with which a thread goes on in [`landing`].
fn to_landing(control: u64) -> Registers {
    board::put(100, board::address(2));
    board::put(101, board::address(1));
    Registers {
        control: control | bit::SET_IP | bit::SET_SP,
        ip: landing as *const () as u64,
        sp: board::address(100),
        ..NOTHING
    }
}

pub(super) fn new_instruction_pointer() -> Outcome {
    let id = worker::start(worker::here(), spin, 0)?;
    until("it runs", || board::get(0) > 0)?;
    let (_, old) = raw::exchange(id.raw(), to_landing(0));
    check(
        "old ip inside the program",
        (0x100_0000..l4::kip::kip().root.high).contains(&old.ip),
    )?;
    until("it counts there", || board::get(1) > 0)?;
    hex("its stack pointer", board::get(2), board::address(100))?;
    let then = board::get(0);
    pause(10_000);
    equal("the old count", board::get(0), then)
}

pub(super) fn thrash() -> Outcome {
    let id = parked()?;
    for _ in 0..100 {
        let (verdict, _) = raw::exchange(id.raw(), to_landing(bit::RECEIVE | bit::SEND));
        hex("result", verdict.result, local(id)?.raw())?;
    }
    until("it runs", || board::get(1) > 0)
}

/// Of the flags only the arithmetic ones can be set.
pub(super) fn flags() -> Outcome {
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
