//! Schedule: parameters, states, permissions; and whether the CPU is given out accordingly.

mod control;
mod order;

use crate::harness::Test;

/// The tests of the two files.
pub(crate) const TESTS: &[Test] = &[
    Test::new("SCH0001", control::states),
    Test::new("SCH0002", control::unknown),
    Test::new("SCH0003", control::fresh_thread),
    Test::new("SCH0004", control::old_time_slice),
    Test::new("SCH0005", control::needs_permission),
    Test::new("SCH0006", control::not_above_oneself),
    Test::new("SCH0007", control::bad_processors),
    Test::new("SCH0008", control::points_in_time),
    Test::new("SCH0009", control::nil),
    Test::new("SCH0010", order::strict_priorities),
    Test::new("SCH0011", order::round_robin),
    Test::new("SCH0012", order::wakeup_preempts),
    Test::new("SCH0013", order::new_priority_takes_effect),
    Test::new("SCH0014", order::unlimited_slice),
    Test::new("SCH0015", order::send_does_not_yield_to_lower),
    Test::new("SCH0016", order::message_preempts_lower),
    Test::new("SCH0017", order::idle_wakes_up),
    Test::new("SCH0018", order::lent_time_is_not_kept),
];
