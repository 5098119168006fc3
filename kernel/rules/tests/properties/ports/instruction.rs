//! Instructions put together from prefixes, opcode and operands, and what they mean.

use pecan_rules::ports::{LONGEST_INSTRUCTION, Ports, access};
use proptest::collection::vec;
use proptest::prelude::*;

const PREFIXES: [u8; 11] = [
    0x26, 0x2E, 0x36, 0x3E, 0x64, 0x65, 0x66, 0x67, 0xF0, 0xF2, 0xF3,
];
/// Ports in DX: INS, OUTS, IN, OUT. Odd ones are of more than a byte.
const BY_DX: [u8; 8] = [0x6C, 0x6D, 0x6E, 0x6F, 0xEC, 0xED, 0xEE, 0xEF];
const BY_BYTE: [u8; 4] = [0xE4, 0xE5, 0xE6, 0xE7];

fn ports(first: u16, count: u16) -> Option<Ports> {
    let last = first.checked_add(count - 1)?;
    Some(Ports { first, last })
}

proptest! {
    #![proptest_config(crate::config(2000))]

    #[test]
    fn ports_of_instructions(
        prefixes in vec(prop::sample::select(PREFIXES.to_vec()), 0..6),
        early in prop::option::of(0x40..0x50u8),
        rex in prop::option::of(0x40..0x50u8),
        opcode in prop::sample::select([&BY_DX[..], &BY_BYTE[..]].concat()),
        operand in any::<u8>(),
        dx in any::<u64>(),
        after in vec(any::<u8>(), 0..4),
    ) {
        // One before other prefixes counts for nothing.
        let early = if prefixes.is_empty() { None } else { early };
        let mut code: Vec<u8> = early.into_iter().collect();
        code.extend(&prefixes);
        code.extend(rex);
        code.push(opcode);
        let by_byte = BY_BYTE.contains(&opcode);
        if by_byte {
            code.push(operand);
        }
        let length = code.len();
        code.extend(after);
        let wide = rex.is_some_and(|rex| rex & 8 != 0);
        let count = match opcode & 1 {
            0 => 1,
            _ if prefixes.contains(&0x66) && !wide => 2,
            _ => 4,
        };
        let first = if by_byte { u16::from(operand) } else { dx as u16 };
        prop_assert_eq!(access(code.iter().copied(), dx), ports(first, count));
        // Cut off, it is none.
        prop_assert_eq!(access(code[..length - 1].iter().copied(), dx), None);
    }

    #[test]
    fn others_are_none(code in vec(any::<u8>(), 0..20), dx in any::<u64>()) {
        let opcode = code.iter().take(LONGEST_INSTRUCTION).find(|byte| {
            !PREFIXES.contains(byte) && !(0x40..0x50).contains(*byte)
        });
        let is_one = opcode.is_some_and(|opcode| BY_DX.contains(opcode) || BY_BYTE.contains(opcode));
        if !is_one {
            prop_assert_eq!(access(code.iter().copied(), dx), None);
        }
    }
}

#[test]
fn too_long() {
    let mut code = [0x66; 16];
    code[14] = 0xEC;
    assert_eq!(access(code, 7), ports(7, 1));
    code[14] = 0xE4;
    assert_eq!(access(code, 7), None, "the operand is the 16th byte");
    let mut code = [0x66; 16];
    code[15] = 0xEC;
    assert_eq!(access(code, 7), None);
    assert_eq!(access([0xED], 0xFFFD), None, "there is no port 65536");
    assert_eq!(access([0xED], 0xFFFC), ports(0xFFFC, 4));
}
