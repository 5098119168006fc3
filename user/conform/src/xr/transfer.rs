//! Two partners in the middle of a string, and what becomes of the one that ExchangeRegisters is used on.

use core::arch::naked_asm;

use l4::abi::exregs as bit;
use l4::abi::schedule::ThreadState::Inactive;
use l4::syscall::Registers;
use l4::{IpcCode, Phase, ThreadId};

use super::registers::landing;
use crate::harness::job::Started;
use crate::harness::pair::{Pair, Side, Transfer, ends_with};
use crate::harness::{Outcome, board, check, equal, hex, pause, raw, until, worker};

/// The flags that [`elsewhere`] sets: all that a user may, but for single steps.
const FLAGS: u64 = bit::USER_FLAGS & !TRAP;
const TRAP: u64 = 1 << 8;

/// Notes its flags in board word 3, then goes on as [`landing`] does.
#[unsafe(naked)]
extern "C" fn noting() -> ! {
    naked_asm!(
        "pushfq",
        "pop rdx",
        "mov rax, [rsp]",
        "mov [rax + 8], rdx",
        "jmp {}",
        sym landing,
    )
}

/// Where the thread is to go on, on which stack, with which flags; `control` says what else.
pub(super) fn elsewhere(control: u64) -> Registers {
    for index in 1..4 {
        board::put(index, 0);
    }
    board::put(100, board::address(2));
    board::put(101, board::address(1));
    Registers {
        control: control | bit::SET_IP | bit::SET_SP | bit::SET_FLAGS,
        ip: noting as *const () as u64,
        sp: board::address(100),
        flags: FLAGS,
        ..Registers::default()
    }
}

/// It has not gone [`elsewhere`] yet.
#[track_caller]
pub(super) fn is_not_there() -> Outcome {
    equal("rounds elsewhere", board::get(1), 0)
}

/// It goes [`elsewhere`].
#[track_caller]
pub(super) fn gets_there() -> Outcome {
    until("it runs elsewhere", || board::get(1) > 0)?;
    hex("its stack", board::get(2), board::address(100))?;
    hex("its flags", board::get(3) & bit::USER_FLAGS, FLAGS)
}

/// A transfer under way, and one of the two.
#[derive(Clone, Copy)]
pub(super) struct Midst {
    pub(super) pair: Pair,
    pub(super) transfer: Transfer,
    pub(super) victim: Side,
}

impl Midst {
    /// Whom the test picks.
    pub(super) const fn id(&self) -> ThreadId {
        self.pair.of(self.victim).id
    }

    /// What ExchangeRegisters says of the victim's phase; the bit that aborts it, too.
    pub(super) const fn phase(&self) -> u64 {
        match self.victim {
            Side::Sender => bit::SEND,
            Side::Receiver => bit::RECEIVE,
        }
    }

    /// The bit that aborts the other phase.
    pub(super) const fn other_phase(&self) -> u64 {
        (bit::SEND | bit::RECEIVE) & !self.phase()
    }

    const fn job_of(&self, side: Side) -> Started {
        match side {
            Side::Sender => self.transfer.sender,
            Side::Receiver => self.transfer.receiver,
        }
    }

    /// The victim's job.
    pub(super) const fn job(&self) -> Started {
        self.job_of(self.victim)
    }

    /// The job of its partner.
    pub(super) const fn partner(&self) -> Started {
        match self.victim {
            Side::Sender => self.transfer.receiver,
            Side::Receiver => self.transfer.sender,
        }
    }

    /// Calls ExchangeRegisters with these; the old values must say that it is in the transfer and was not stopped.
    #[track_caller]
    pub(super) fn exchange(&self, new: Registers) -> Result<Registers, crate::harness::Failure> {
        let (verdict, old) = raw::exchange(self.id().raw(), new);
        hex("ErrorCode", verdict.error, raw::UNTOUCHED)?;
        hex("old control", old.control, self.phase())?;
        Ok(old)
    }

    /// As [`Self::exchange`], with nothing but control bits.
    #[track_caller]
    pub(super) fn control(&self, control: u64) -> Result<Registers, crate::harness::Failure> {
        self.exchange(Registers {
            control,
            ..Registers::default()
        })
    }

    /// Neither has come to an end.
    #[track_caller]
    pub(super) fn goes_on(&self) -> Outcome {
        let done = (
            self.transfer.sender.is_done(),
            self.transfer.receiver.is_done(),
        );
        equal("done", done, (false, false))
    }

    /// The victim stands, and its job is not done.
    #[track_caller]
    pub(super) fn stands(&self) -> Outcome {
        worker::until_state(self.id(), Inactive)?;
        pause(5_000);
        check("it does not go on", !self.job().is_done())?;
        hex("control", raw::control(self.id(), 0).1.control, bit::HALT)
    }

    /// This side has been aborted after `offset` bytes.
    #[track_caller]
    pub(super) fn is_aborted(&self, side: Side, offset: u64) -> Outcome {
        let phase = match side {
            Side::Sender => Phase::Send,
            Side::Receiver => Phase::Receive,
        };
        ends_with(&self.job_of(side), phase, IpcCode::Aborted, offset)
    }

    /// The other side.
    pub(super) const fn other(&self) -> Side {
        match self.victim {
            Side::Sender => Side::Receiver,
            Side::Receiver => Side::Sender,
        }
    }
}
