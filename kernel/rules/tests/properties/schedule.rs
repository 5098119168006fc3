//! Any control words from any caller: a specified error, or a change that keeps within what the caller may do.

use pecan_abi::error::SysError;
use pecan_abi::schedule::{PreemptionControl, TimeControl, UNCHANGED};
use pecan_abi::time::{Time, TimeKind};
use pecan_rules::schedule::{Caller, Change, change};
use proptest::prelude::{Just, Strategy, any, prop_assert, prop_assert_eq, prop_oneof, proptest};

const PROCESSORS: usize = 4;

/// Words that are often sensible.
fn word() -> impl Strategy<Value = u64> {
    prop_oneof![
        Just(UNCHANGED),
        any::<u64>(),
        0u64..0x200,
        any::<u32>().prop_map(u64::from),
        any::<u16>().prop_map(|low| u64::from(low) << 16 | 0x200),
    ]
}

fn caller() -> impl Strategy<Value = Caller> {
    (any::<bool>(), any::<bool>(), any::<u8>()).prop_map(|(privileged, is_scheduler, priority)| {
        Caller {
            privileged,
            is_scheduler,
            priority,
        }
    })
}

fn is_a_length(time: Time) -> bool {
    matches!(time.kind(), TimeKind::Never | TimeKind::Period { .. })
}

const ROOT: Caller = Caller {
    privileged: true,
    is_scheduler: false,
    priority: 0,
};

proptest! {
    #![proptest_config(crate::config(4000))]

    #[test]
    fn refused_or_allowed(words in [word(), word(), word(), word()], caller in caller(), own in any::<u8>()) {
        let [time, processor, priority, preemption] = words;
        let result = change(words, caller, own, PROCESSORS);
        if !caller.privileged && !caller.is_scheduler {
            prop_assert_eq!(result, Err(SysError::NoPrivilege));
            return Ok(());
        }
        match result {
            Err(SysError::NoPrivilege) => prop_assert!(!caller.privileged),
            Err(SysError::InvalidThread) => {
                let asked = TimeControl::from_raw(time);
                prop_assert!(asked.is_some_and(|asked| !is_a_length(asked.slice) || !is_a_length(asked.quantum)));
            }
            Err(SysError::InvalidParameter) => prop_assert!((processor & 0xFFFF) as usize >= PROCESSORS),
            Err(other) => prop_assert!(false, "{:?} is not specified", other),
            Ok(change) => {
                prop_assert_eq!(change.time.is_none(), time == UNCHANGED);
                prop_assert_eq!(change.processor.is_none(), processor == UNCHANGED);
                prop_assert_eq!(change.max_delay.is_none(), preemption == UNCHANGED);
                prop_assert!(change.time.is_none_or(|(slice, quantum)| slice != 0 && quantum != 0));
                prop_assert!(change.processor.is_none_or(|processor| usize::from(processor) < PROCESSORS));
                prop_assert_eq!(change.priority.map(u64::from), (priority & 0x100 == 0).then_some(priority & 0xFF));
                let new = change.priority.unwrap_or(own);
                prop_assert!(change.sensitive.is_none_or(|sensitive| sensitive >= new));
                let most = if caller.privileged { u8::MAX } else { caller.priority };
                prop_assert!(change.priority.is_none_or(|priority| priority <= most));
                prop_assert!(change.sensitive.is_none_or(|sensitive| sensitive <= most));
            }
        }
    }

    /// What the root task may, and what its words say, happens.
    #[test]
    fn the_privileged_get_what_they_ask_for(slice in 1u64..1000, quantum in 1u64..1000, delay in any::<u16>(), sensitive in any::<u8>(), priority in any::<u8>(), processor in 0..PROCESSORS) {
        let time = TimeControl { slice: Time::period(slice), quantum: Time::period(quantum) };
        let preemption = PreemptionControl { max_delay: delay, sensitive_priority: sensitive };
        let words = [time.raw(), processor as u64, u64::from(priority), preemption.raw()];
        let expected = Change {
            time: Some((slice, quantum)),
            processor: Some(processor as u16),
            priority: Some(priority),
            max_delay: Some(delay),
            sensitive: (sensitive >= priority).then_some(sensitive),
        };
        prop_assert_eq!(change(words, ROOT, 7, PROCESSORS), Ok(expected));
    }
}

#[test]
fn nothing_asked_nothing_changed() {
    let nothing = change([UNCHANGED; 4], ROOT, 100, PROCESSORS);
    assert_eq!(nothing, Ok(Change::default()));
}

/// More than one reason: the one that says least about the thread comes first.
#[test]
fn order_of_refusals() {
    let scheduler = Caller {
        privileged: false,
        is_scheduler: true,
        priority: 50,
    };
    let (bad_time, bad_processor, too_high) = (0x8000, 0x7FFF, 51);
    let refused = |words, caller| change(words, caller, 50, PROCESSORS).err();
    let all = [bad_time, bad_processor, too_high, UNCHANGED];
    let stranger = Caller {
        is_scheduler: false,
        ..scheduler
    };
    assert_eq!(refused(all, stranger), Some(SysError::NoPrivilege));
    assert_eq!(refused(all, scheduler), Some(SysError::NoPrivilege));
    let too_sensitive = [UNCHANGED, UNCHANGED, UNCHANGED, 51 << 16];
    assert_eq!(
        refused(too_sensitive, scheduler),
        Some(SysError::NoPrivilege)
    );
    let fits = [bad_time, bad_processor, 50, UNCHANGED];
    assert_eq!(refused(fits, scheduler), Some(SysError::InvalidThread));
    let fits = [UNCHANGED, bad_processor, 50, UNCHANGED];
    assert_eq!(refused(fits, scheduler), Some(SysError::InvalidParameter));
}
