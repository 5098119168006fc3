//! Interrupts, with the event timer (HPET) as the device: one line that interrupts by edge, others by level.

mod association;
mod cpus;
mod delivery;
mod device;
mod life;
mod urgency;

use crate::harness::Test;

/// The tests of the files, in their order.
pub(crate) const TESTS: &[Test] = &[
    Test::new("IRQ0001", association::refusals),
    Test::new("IRQ0002", association::comes_and_goes),
    Test::new("IRQ0003", association::schedule),
    Test::new("IRQ0004", delivery::closed_wait),
    Test::new("IRQ0005", delivery::open_wait_and_reply),
    Test::new("IRQ0006", delivery::level_is_masked_until_the_answer),
    Test::new("IRQ0007", delivery::edges_before_the_answer),
    Test::new("IRQ0008", delivery::several_lines),
    Test::new("IRQ0009", delivery::queues_like_a_sender),
    Test::new("IRQ0010", delivery::answers_that_are_none),
    Test::new("IRQ0011", delivery::many),
    Test::new("IRQ0012", life::idle_handler_deleted),
    Test::new("IRQ0013", life::busy_handler_deleted),
    Test::new("IRQ0014", life::serving_handler_deleted),
    Test::new("IRQ0015", life::another_handler),
    Test::new("IRQ0016", life::handler_renamed),
    Test::new("IRQ0017", life::waiting_for_a_line_that_loses_its_handler),
    Test::smp("IRQ0018", cpus::handler_elsewhere),
    Test::smp("IRQ0019", cpus::handler_moves),
    Test::smp("IRQ0020", cpus::interrupt_moves),
    Test::smp("IRQ0021", cpus::to_and_fro_under_fire),
    Test::smp("IRQ0022", cpus::handler_elsewhere_deleted),
    Test::smp("IRQ0023", cpus::association_from_all_sides),
    Test::new("IRQ0024", delivery::at_once),
    Test::new("IRQ0025", urgency::not_above),
    Test::new("IRQ0026", urgency::stopped),
];
