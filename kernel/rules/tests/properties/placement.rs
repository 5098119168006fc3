//! Placement against plain division, and deadlines against the definition of a point in time.

use pecan_abi::fpage::{Fpage, Rights};
use pecan_abi::layout::USER_LAST;
use pecan_abi::time::{Time, TimeKind};
use pecan_rules::deadline::{self, NEVER};
use pecan_rules::placement::{Placement, place, place_page};
use proptest::prelude::{Strategy, any, prop_oneof, proptest};

/// First address and size; the complete space has 2^64 bytes.
fn extent(page: Fpage) -> Option<(u128, u128)> {
    match (page.raw() >> 4 & 0x3F, page.raw() >> 10) {
        (1, 0) => Some((0, 1 << 64)),
        (log2 @ 12.., base) => {
            let size = 1u128 << log2;
            Some((u128::from(base << 10) / size * size, size))
        }
        _ => None,
    }
}

/// Of the larger region, the piece of the smaller one's size that the send base points to.
fn naive(send_base: u64, send: Fpage, window: Fpage) -> Option<Placement> {
    let (sender, receiver) = (extent(send)?, extent(window)?);
    let size = sender.1.min(receiver.1);
    let piece = |(base, whole): (u128, u128)| base + u128::from(send_base) % whole / size * size;
    let source = if sender.1 > size {
        piece(sender)
    } else {
        sender.0
    };
    let target = if receiver.1 > size {
        piece(receiver)
    } else {
        receiver.0
    };
    let user = u128::from(USER_LAST) + 1;
    if source >= user || target >= user || send.raw() & 7 == 0 {
        return None;
    }
    let log2 = size.min(user).trailing_zeros();
    Some(Placement {
        source: source as u64,
        target: target as u64,
        log2,
        rights: Rights::from_bits(send.raw() as u8 & 7),
    })
}

/// Addresses in the user range and beyond, with interesting low bits.
fn address() -> impl Strategy<Value = u64> {
    prop_oneof![4 => 0..=USER_LAST, 2 => 0..0x100_0000u64, 1 => any::<u64>()]
}

fn page() -> impl Strategy<Value = Fpage> {
    let sized = |log2: core::ops::Range<u32>| {
        (address(), log2, 0..8u8)
            .prop_map(|(base, log2, bits)| Fpage::new(base, log2, Rights::from_bits(bits)))
    };
    prop_oneof![
        6 => sized(10..32),
        2 => sized(0..64),
        1 => any::<u64>().prop_map(Fpage::from_raw),
        1 => (0..8u8).prop_map(|bits| Fpage::COMPLETE.with_rights(Rights::from_bits(bits))),
    ]
}

proptest! {
    #![proptest_config(crate::config(4000))]

    #[test]
    fn like_division(send_base in address(), send in page(), window in page()) {
        let placed = place(send_base, send, window);
        assert_eq!(placed, naive(send_base, send, window));
        let is_page = send.log2() == 12;
        assert_eq!(place_page(send_base, send, window), placed.filter(|_| is_page));
        if let Some(Placement { source, target, log2, .. }) = placed {
            let last = (1u64 << log2) - 1;
            assert!((12..=47).contains(&log2) && (source | target) & last == 0);
            assert!(source + last <= USER_LAST && target + last <= USER_LAST);
            assert!(send.contains(source) && window.contains(target));
        }
    }

    #[test]
    fn deadlines_follow_the_definition(raw in any::<u16>(), now in prop_oneof![0..=NEVER / 2, 0..100_000u64]) {
        let time = Time::from_raw(raw);
        let deadline = deadline::absolute(time, now);
        match time.kind() {
            TimeKind::Never => assert_eq!(deadline, NEVER),
            TimeKind::Zero => assert_eq!(deadline, now),
            TimeKind::Period { micros } => assert_eq!(deadline - now, micros),
            TimeKind::Point(raw) => {
                let (mantissa, carry, exponent) = (u64::from(raw) % 1024, raw >> 10 & 1 == 1, raw >> 11 & 0xF);
                let stretch = 1024u64 << exponent;
                assert_eq!(deadline % stretch, mantissa << exponent);
                assert_eq!(deadline / stretch % 2 == 1, carry);
                let ahead = deadline / stretch - now / stretch;
                assert!(ahead <= 1);
            }
        }
    }
}

const FULL: Rights = Rights::FULL;

#[test]
fn the_smaller_decides() {
    let small = Fpage::new(0x5000, 12, FULL);
    let window = Fpage::new(0x10_0000, 16, Rights::NONE);
    let placed = place(0xFFFF_3ABC, small, window);
    assert_eq!(
        placed,
        Some(Placement {
            source: 0x5000,
            target: 0x10_3000,
            log2: 12,
            rights: FULL
        })
    );
    let placed = place(0xFFFF_3ABC, window.with_rights(Rights::READ), small);
    assert_eq!(
        placed,
        Some(Placement {
            source: 0x10_3000,
            target: 0x5000,
            log2: 12,
            rights: Rights::READ
        })
    );
}

#[test]
fn nothing_is_placed() {
    let page = Fpage::new(0x5000, 12, FULL);
    let complete = Fpage::COMPLETE.with_rights(FULL);
    for (send_base, send, window) in [
        (0, Fpage::NIL, page),
        (0, page, Fpage::NIL),
        (0, page.with_rights(Rights::NONE), page),
        (0, Fpage::new(0x5000, 11, FULL), page),
        (0, page, Fpage::new(0x5000, 2, FULL)),
        (USER_LAST + 1, page, complete),
        (0, Fpage::new(USER_LAST + 1, 12, FULL), complete),
        (0, page, Fpage::new(u64::MAX, 12, FULL)),
    ] {
        assert_eq!(
            place(send_base, send, window),
            None,
            "{send_base:#x} {send:?} {window:?}"
        );
    }
    let everything = Some(Placement {
        source: 0,
        target: 0,
        log2: 47,
        rights: FULL,
    });
    assert_eq!(place(u64::MAX, complete, complete), everything);
}
