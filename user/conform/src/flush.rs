//! What other processors have to forget: who is asked, how often, and when it is done.

mod counts;
mod ends;
mod items;
mod readers;
mod together;
mod waits;

use crate::harness::Test;

/// The tests of the files, in their order.
pub(crate) const TESTS: &[Test] = &[
    Test::smp("FLUSH0001", counts::each_is_asked_once),
    Test::smp("FLUSH0002", counts::once_for_many_pages),
    Test::smp("FLUSH0003", counts::idle_ones_are_not_asked),
    Test::smp("FLUSH0004", counts::others_spaces_are_not_concerned),
    Test::smp("FLUSH0005", together::all_take_at_once),
    Test::smp("FLUSH0006", together::pages_come_back_meanwhile),
    Test::smp("FLUSH0007", waits::lower_one_runs_meanwhile),
    Test::smp("FLUSH0008", waits::who_waits_is_deleted),
    Test::smp("FLUSH0009", ends::giver_ends),
    Test::smp("FLUSH0010", items::granted),
    Test::smp("FLUSH0011", items::partner_is_deleted),
    Test {
        id: "FLUSH0012",
        needs_cpus: 3,
        holds: false,
        tries: 1,
        run: items::replaced_from_elsewhere,
    },
];
