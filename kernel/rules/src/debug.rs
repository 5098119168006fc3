//! Debug registers: what a thread may put there, and which instruction moves it (Intel SDM 3B, 18.2; 2A, MOV to and from
//! debug registers).
//!
//! A breakpoint must never fire in the kernel, nor lock the registers: so addresses lie in the user range, and of DR7 only
//! what concerns the thread's own breakpoints may be set.

use pecan_abi::layout::USER_LAST;

/// DR6 with nothing reported.
pub const STATUS_CLEAR: u64 = 0xFFFF_0FF0;
/// DR7 with nothing enabled.
pub const CONTROL_CLEAR: u64 = 0x400;
/// DR6: the trap flag was on.
pub const SINGLE_STEP: u64 = 1 << 14;

/// What DR6 can report of a thread: the four breakpoints, a single step.
const STATUS: u64 = 0xF | SINGLE_STEP;
/// DR7: a local enable per breakpoint.
const ENABLES: u64 = 0x55;
/// DR7: "exact", which no CPU needs any more but old programs set.
const EXACT: u64 = 1 << 8;
/// DR7: conditions and lengths.
const CONDITIONS: u64 = 0xFFFF_0000;

/// A MOV between a debug register and a general one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Move {
    /// To the debug register; otherwise from it.
    pub writes: bool,
    /// 0 to 7.
    pub debug: usize,
    /// 0 to 15, as instructions count general registers: RAX RCX RDX RBX RSP RBP RSI RDI R8 ...
    pub general: usize,
    /// Bytes of the instruction: 3 or 4.
    pub length: u64,
}

impl Move {
    /// The instruction that these bytes begin with, if it is such a MOV: with or without a REX prefix, no other.
    pub fn decode(bytes: [u8; 4]) -> Option<Self> {
        let (rex, rest) = match bytes {
            [rex @ 0x40..=0x4F, rest @ ..] => (Some(rex), rest),
            [a, b, c, _] => (None, [a, b, c]),
        };
        let ([0x0F, opcode @ (0x21 | 0x23), registers], extra) = (rest, rex.unwrap_or(0)) else {
            return None;
        };
        // There are no debug registers 8 to 15.
        if extra & 4 != 0 {
            return None;
        }
        Some(Self {
            writes: opcode == 0x23,
            debug: usize::from(registers >> 3 & 7),
            general: usize::from(registers & 7 | (extra & 1) << 3),
            length: if rex.is_some() { 4 } else { 3 },
        })
    }
}

/// The debug registers of a thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DebugRegisters {
    /// DR0 to DR3: in the user range, always.
    pub addresses: [u64; 4],
    /// DR6.
    pub status: u64,
    /// DR7.
    pub control: u64,
}

impl DebugRegisters {
    /// As after reset.
    pub const fn new() -> Self {
        Self {
            addresses: [0; 4],
            status: STATUS_CLEAR,
            control: CONTROL_CLEAR,
        }
    }

    /// The value of register `number`; `None`: there is no such register.
    pub fn read(&self, number: usize) -> Option<u64> {
        match number {
            0..=3 => Some(self.addresses[number]),
            6 => Some(self.status),
            7 => Some(self.control),
            _ => None,
        }
    }

    /// Puts `value` into register `number`. False: it must not be there, and nothing has changed.
    pub fn write(&mut self, number: usize, value: u64) -> bool {
        match number {
            0..=3 if value <= USER_LAST => self.addresses[number] = value,
            6 if value <= u64::from(u32::MAX) => self.status = STATUS_CLEAR | value & STATUS,
            7 if may_control(value) => self.control = CONTROL_CLEAR | value,
            _ => return false,
        }
        true
    }

    /// A debug exception of the thread, with the CPU's DR6.
    pub fn report(&mut self, status: u64) {
        self.status |= status & STATUS;
    }

    /// Whether any breakpoint is on.
    pub fn is_armed(&self) -> bool {
        self.control & ENABLES != 0
    }
}

impl Default for DebugRegisters {
    fn default() -> Self {
        Self::new()
    }
}

/// Local enables, and for each breakpoint that is on a condition that the CPU defines: execution (of one byte), writes, or
/// any access.
fn may_control(value: u64) -> bool {
    let allowed = ENABLES | EXACT | CONTROL_CLEAR | CONDITIONS;
    let sound = |number: u64| {
        let condition = value >> (16 + 4 * number);
        value >> (2 * number) & 1 == 0
            || match condition & 3 {
                0 => condition >> 2 & 3 == 0,
                access => access != 2,
            }
    };
    value & !allowed == 0 && (0..4).all(sound)
}
