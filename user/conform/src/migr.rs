//! Threads that are moved to other CPUs, whatever they are doing.

mod orders;
mod states;

use crate::harness::Test;

/// The tests of the files.
pub(crate) const TESTS: &[Test] = &[
    Test::smp("MIGR0001", states::to_another),
    Test::smp("MIGR0002", states::there_and_back),
    Test::smp("MIGR0003", states::round_and_round),
    Test::smp("MIGR0004", states::senders_keep_their_order),
    Test::smp("MIGR0005", orders::two_who_disagree),
    Test::smp("MIGR0006", orders::against_its_will),
    Test::smp("MIGR0007", orders::in_a_transfer),
    Test::smp("MIGR0008", orders::time_goes_along),
    Test::smp("MIGR0009", orders::messages_follow),
];
