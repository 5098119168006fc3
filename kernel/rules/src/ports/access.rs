//! Instructions that use I/O ports: IN, OUT, INS, OUTS.

use super::Ports;

/// No instruction is longer; a processor refuses those that would be.
pub const LONGEST_INSTRUCTION: usize = 15;

const OPERAND_SIZE: u8 = 0x66;
/// Other segments, addresses of another size, repetition, the bus lock.
const OTHER_PREFIXES: [u8; 10] = [0x26, 0x2E, 0x36, 0x3E, 0x64, 0x65, 0x67, 0xF0, 0xF2, 0xF3];

/// The ports that the instruction at the beginning of `code` uses, if it is input or output: 1, 2 or 4 from the low half
/// of `dx` or from the byte in the instruction on. `None` too if some of those ports do not exist, or if the instruction
/// does not end in `code`, of which no more than [`LONGEST_INSTRUCTION`] bytes are read, and none after the instruction.
pub fn access(code: impl IntoIterator<Item = u8>, dx: u64) -> Option<Ports> {
    let mut code = code.into_iter().take(LONGEST_INSTRUCTION);
    let (mut small, mut wide) = (false, false);
    let opcode = loop {
        match code.next()? {
            OPERAND_SIZE => (small, wide) = (true, false),
            prefix if OTHER_PREFIXES.contains(&prefix) => wide = false,
            // Only directly before the opcode it counts, and then more than the prefix for the operand's size.
            rex @ 0x40..=0x4F => wide = rex & 8 != 0,
            opcode => break opcode,
        }
    };
    let first = match opcode {
        0xE4..=0xE7 => u16::from(code.next()?),
        0x6C..=0x6F | 0xEC..=0xEF => dx as u16,
        _ => return None,
    };
    let others = match (opcode & 1, small && !wide) {
        (0, _) => 0,
        (_, true) => 1,
        (_, false) => 3,
    };
    let last = first.checked_add(others)?;
    Some(Ports { first, last })
}
