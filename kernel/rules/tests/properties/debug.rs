//! Debug registers: whatever is written, nothing dangerous is ever in them, and only the MOVs that the manual lists are taken.

use pecan_abi::layout::USER_LAST;
use pecan_rules::debug::{CONTROL_CLEAR, DebugRegisters, Move, STATUS_CLEAR};
use proptest::prelude::{Strategy, any, prop_oneof, proptest};

/// Values near what matters: single bits, kernel addresses, anything.
fn values() -> impl Strategy<Value = u64> {
    prop_oneof![
        any::<u64>(),
        (0u32..64).prop_map(|bit| 1 << bit),
        (0u32..64, 0u32..64).prop_map(|(a, b)| 1 << a | 1 << b),
        any::<u32>().prop_map(|value| u64::from(value) & 0xFFFF_0555),
        0..USER_LAST + 4,
    ]
}

/// What the manual says of an enabled breakpoint.
fn is_defined(control: u64, number: usize) -> bool {
    let field = (control >> (16 + 4 * number)) as u8 & 0xF;
    matches!(
        field,
        0b0000 | 0b0001 | 0b0101 | 0b1001 | 0b1101 | 0b0011 | 0b0111 | 0b1011 | 0b1111
    )
}

proptest! {
    #![proptest_config(crate::config(500))]

    #[test]
    fn nothing_dangerous_gets_in(writes in proptest::collection::vec((0usize..10, values()), crate::history())) {
        let mut registers = DebugRegisters::new();
        for (number, value) in writes {
            let before = registers;
            let taken = registers.write(number, value);
            if !taken {
                assert_eq!(registers, before);
            }
            assert!(registers.addresses.iter().all(|address| *address <= USER_LAST));
            assert_eq!(registers.status & !0x400F, STATUS_CLEAR);
            // No global enable, no general detect, nothing reserved.
            assert_eq!(registers.control & 0xFFFF_FFFF_0000_FEAA, CONTROL_CLEAR);
            for number in 0..4 {
                let enabled = registers.control >> (2 * number) & 1 != 0;
                assert!(!enabled || is_defined(registers.control, number));
            }
            assert_eq!(registers.is_armed(), registers.control & 0xFF != 0);
            let reads_back = registers.read(number);
            assert_eq!(reads_back.is_some(), number < 4 || number == 6 || number == 7);
            if taken && number < 4 {
                assert_eq!(reads_back, Some(value));
            }
        }
    }

    #[test]
    fn defined_breakpoints_are_taken(number in 0usize..4, field in 0u64..16) {
        let control = 1 << (2 * number) | field << (16 + 4 * number);
        let mut registers = DebugRegisters::new();
        assert_eq!(registers.write(7, control), is_defined(control, number));
    }

    #[test]
    fn reports_stay_until_they_are_cleared(first in any::<u64>(), second in any::<u64>()) {
        let mut registers = DebugRegisters::new();
        registers.report(first);
        registers.report(second);
        assert_eq!(registers.status, STATUS_CLEAR | (first | second) & 0x400F);
        assert!(registers.write(6, 0));
        assert_eq!(registers.status, STATUS_CLEAR);
    }

    #[test]
    fn only_these_moves(bytes in any::<[u8; 4]>()) {
        let rex = bytes[0] >> 4 == 4;
        let opcode = &bytes[usize::from(rex)..];
        let is_move = opcode[0] == 0x0F && matches!(opcode[1], 0x21 | 0x23) && !(rex && bytes[0] & 4 != 0);
        assert_eq!(Move::decode(bytes).is_some(), is_move);
    }

    #[test]
    fn moves_are_read_as_they_are_written(rex in 0u8..16, has_rex: bool, writes: bool, modrm: u8) {
        let opcode = if writes { 0x23 } else { 0x21 };
        let bytes = if has_rex { [0x40 | rex, 0x0F, opcode, modrm] } else { [0x0F, opcode, modrm, rex] };
        let Some(decoded) = Move::decode(bytes) else {
            assert!(has_rex && rex & 4 != 0);
            return Ok(());
        };
        let high = if has_rex { usize::from(rex & 1) * 8 } else { 0 };
        let expected = Move {
            writes,
            debug: usize::from(modrm / 8 % 8),
            general: usize::from(modrm % 8) + high,
            length: 3 + u64::from(has_rex),
        };
        assert_eq!(decoded, expected);
    }
}
