//! ThreadControl.

mod create;
mod delete;
mod modify;
mod relocate;
pub(crate) mod states;

use crate::harness::Test;

/// The tests of the files, refusals of creation first.
pub(crate) const TESTS: &[Test] = &[
    Test::new("TC0001", create::needs_privilege),
    Test::new("TC0002", create::destination_must_be_global),
    Test::new("TC0003", create::reserved_numbers),
    Test::new("TC0004", create::needs_a_scheduler),
    Test::new("TC0005", create::needs_a_space_that_exists),
    Test::new("TC0006", create::active_needs_a_ready_space),
    Test::new("TC0007", create::active_needs_a_place),
    Test::new("TC0008", create::places_in_the_area),
    Test::new("TC0009", create::inactive_then_active),
    Test::new("TC0010", create::active_at_once),
    Test::new("TC0011", create::order_of_checks),
    Test::new("TC0012", create::started_by_registers),
    Test::new("TC0013", modify::place_of_an_active_thread),
    Test::new("TC0014", modify::unknown_space),
    Test::new("TC0015", modify::pager),
    Test::new("TC0016", modify::scheduler),
    Test::new("TC0017", modify::version),
    Test::new("TC0018", modify::inactive_thread_moves),
    Test::new("TC0019", modify::activation_checks_the_place),
    Test::new("TC0020", delete::not_oneself),
    Test::new("TC0021", delete::nobody),
    Test::new("TC0022", delete::by_number),
    Test::new("TC0023", delete::blocked_threads),
    Test::new("TC0024", delete::ready_and_halted_threads),
    Test::new("TC0025", delete::numbers_live_again),
    Test::new("TC0026", delete::space_dies_with_its_last_thread),
    Test::new("TC0027", delete::space_lives_while_one_thread_does),
    Test::new("TC0028", create::numbers_beyond_the_last),
    Test::new("TC0029", relocate::blocked::waiting),
    Test::new("TC0030", relocate::blocked::sending),
    Test::new("TC0031", relocate::blocked::calling),
    Test::new("TC0032", relocate::running::running),
    Test::new("TC0033", relocate::running::oneself),
    Test::new("TC0034", relocate::running::halted),
    Test::new("TC0035", relocate::blocked::fresh),
    Test::new("TC0036", relocate::blocked::faulting),
    Test::new("TC0037", relocate::space::refusals),
    Test::new("TC0038", relocate::running::keeps_its_registers),
    Test::new("TC0039", relocate::space::old_space_dies),
    Test::new("TC0040", relocate::blocked::senders_stay),
    Test::smp("TC0041", relocate::blocked::waiting_elsewhere),
    Test::smp("TC0042", relocate::blocked::sending_elsewhere),
    Test::smp("TC0043", relocate::blocked::calling_elsewhere),
    Test::smp("TC0044", relocate::running::running_elsewhere),
    Test::smp("TC0045", relocate::running::oneself_elsewhere),
    Test::smp("TC0046", relocate::running::to_and_fro),
    Test::new("TC0047", states::delete),
    Test::new("TC0048", states::change),
    Test::smp("TC0049", states::delete_elsewhere),
    Test::smp("TC0050", states::change_elsewhere),
    Test::smp("TC0051", states::delete_under_way),
    Test::new("TC0052", delete::space_ends_within_a_slice),
];
