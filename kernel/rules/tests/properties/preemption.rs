//! Who goes on running, and how long: single decisions, and a processor that ticks.

use pecan_rules::budget::{self, UNLIMITED};
use pecan_rules::preemption::{Allowance, Holder, Verdict, verdict};
use proptest::prelude::{Strategy, any, prop_assert, prop_assert_eq, proptest};

fn allowance() -> impl Strategy<Value = Allowance> {
    (any::<u16>(), any::<Option<u8>>(), any::<u16>()).prop_map(|(longest, sensitive, spent)| {
        Allowance::NONE
            .with(longest, sensitive)
            .spend(u64::from(spent))
    })
}

fn holder() -> impl Strategy<Value = Holder> {
    let parts = (
        any::<u8>(),
        any::<Option<u8>>(),
        any::<bool>(),
        any::<bool>(),
        allowance(),
    );
    parts.prop_map(|(priority, donor, slice_over, delays, allowance)| Holder {
        priority,
        donor,
        slice_over,
        delays,
        allowance,
    })
}

/// How many ticks of `tick` microseconds a thread gets that was just picked, while an equal waits all the time.
fn ticks(slice: u64, tick: u64, delays: bool, mut allowance: Allowance) -> u64 {
    let (mut left, mut held) = (slice, false);
    for count in 1.. {
        left = budget::spend(left, tick);
        if held {
            allowance = allowance.spend(tick);
        }
        let holder = Holder {
            priority: 100,
            donor: None,
            slice_over: left == 0,
            delays,
            allowance,
        };
        match verdict(holder, 100) {
            Verdict::Runs => held = false,
            Verdict::Held => held = true,
            Verdict::Preempted => return count,
        }
    }
    unreachable!()
}

proptest! {
    #![proptest_config(crate::config(2000))]

    /// Said again in other words: who waits for what.
    #[test]
    fn as_the_interface_says(holder in holder(), contender in any::<u8>()) {
        let own = holder.priority;
        let acts_as = if holder.slice_over { own } else { own.max(holder.donor.unwrap_or(0)) };
        let nothing_to_do = contender <= acts_as && !holder.slice_over;
        let keeps_off = contender <= holder.allowance.sensitive(own);
        let expected = if nothing_to_do {
            Verdict::Runs
        } else if holder.delays && holder.allowance.is_left() && keeps_off {
            Verdict::Held
        } else {
            Verdict::Preempted
        };
        prop_assert_eq!(verdict(holder, contender), expected);
    }

    /// Without delay and donation only priorities and slices count.
    #[test]
    fn strict_without_delay(mut holder in holder(), contender in any::<u8>()) {
        (holder.donor, holder.delays) = (None, false);
        let stays = contender <= holder.priority && !holder.slice_over;
        prop_assert_eq!(verdict(holder, contender) == Verdict::Runs, stays);
        prop_assert!(verdict(holder, contender) != Verdict::Held);
    }

    /// More urgent contenders never get less.
    #[test]
    fn monotonous(holder in holder(), low in any::<u8>(), high in any::<u8>()) {
        let rank = |contender| match verdict(holder, contender) {
            Verdict::Runs => 0,
            Verdict::Held => 1,
            Verdict::Preempted => 2,
        };
        prop_assert!(rank(low.min(high)) <= rank(low.max(high)));
    }

    /// A slice lasts until the tick at which it is used up; a delay adds its own ticks, once.
    #[test]
    fn slices_and_delays_are_spent_in_ticks(slice in 1u64..100_000, tick in 50u64..20_000, longest in any::<u16>()) {
        let whole = Allowance::NONE.with(longest, None);
        prop_assert_eq!(ticks(slice, tick, false, whole), slice.div_ceil(tick));
        let longer = slice.div_ceil(tick) + u64::from(longest).div_ceil(tick);
        prop_assert_eq!(ticks(slice, tick, true, whole), longer);
        let used = whole.spend(u64::from(longest));
        prop_assert_eq!(ticks(slice, tick, true, used), slice.div_ceil(tick));
        prop_assert_eq!(used.refill(), whole);
        prop_assert_eq!(used.is_used(), longest != 0);
    }

    #[test]
    fn nobody_keeps_more_than_a_slice(left in any::<u64>(), slice in any::<u64>(), micros in any::<u64>()) {
        prop_assert!(budget::kept(left, slice) <= slice);
        prop_assert!(budget::kept(left, slice) <= left);
        prop_assert!(budget::spend(left, micros) <= left);
        prop_assert_eq!(budget::spend(UNLIMITED, micros), UNLIMITED);
        if left != UNLIMITED && micros != UNLIMITED {
            prop_assert_eq!(budget::spend(left, micros), left - left.min(micros));
        }
    }
}
