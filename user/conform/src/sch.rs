//! Schedule: parameters, states, permissions; and whether the CPU is given out accordingly.

mod control;
pub(crate) mod delay;
mod order;
mod quantum;
mod signal;
pub(crate) mod ticks;

use crate::harness::Test;

/// The tests of all files.
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
    Test::new("SCH0020", control::old_quantum),
    Test::new("SCH0021", control::refusals_change_nothing),
    Test::new("SCH0022", control::sensitive_not_above_oneself),
    Test::new("SCH0023", order::interrupted_goes_on),
    Test::new("SCH0024", order::used_up_goes_behind).counting_ticks(),
    Test::new("SCH0030", quantum::used_up),
    Test::new("SCH0031", quantum::renewed_first),
    Test::new("SCH0032", quantum::registers_are_kept),
    Test::new("SCH0033", quantum::is_spent_in_ticks).counting_ticks(),
    Test::new("SCH0034", quantum::waiting_is_free),
    Test::new("SCH0035", quantum::without_scheduler),
    Test::new("SCH0036", quantum::only_schedule_gives_time),
    Test::new("SCH0037", quantum::messages_wait),
    Test::smp("SCH0038", quantum::across_cpus),
    Test::new("SCH0040", delay::length::slice_end).counting_ticks(),
    Test::new("SCH0041", delay::sensitive_priority),
    Test::new("SCH0042", delay::length::allowance_is_spent).counting_ticks(),
    Test::new("SCH0043", delay::length::flag_is_read_each_time).counting_ticks(),
    Test::new("SCH0044", delay::ends::blocking_ends_it),
    Test::new("SCH0045", delay::library),
    Test::new("SCH0046", delay::any_flags),
    Test::new("SCH0047", delay::new_threads_begin_without),
    Test::new("SCH0048", delay::ends::donating_ends_it),
    Test::new("SCH0050", signal::slice_end),
    Test::new("SCH0051", signal::higher_priority),
    Test::new("SCH0052", signal::own_calls_are_no_surprise),
    Test::new("SCH0053", signal::after_the_delay).counting_ticks(),
    Test::new("SCH0054", signal::without_scheduler),
    Test::new("SCH0055", signal::pager_answers),
    Test::smp("SCH0056", signal::across_cpus),
];
