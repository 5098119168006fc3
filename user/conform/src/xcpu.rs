//! Two CPUs and more. The test's own thread is on CPU 0; workers that are meant to be elsewhere are
//! on CPU 1, if nothing else is said.

mod cancel;
mod copies;
mod errors;
mod held_off;
mod kill;
mod many;
mod messages;
mod migrate;
mod remote;
mod same;
mod wake;

use l4::thread::Builder;

use crate::harness::{Test, worker};

/// The tests of the files, in their order.
pub(crate) const TESTS: &[Test] = &[
    Test::smp("XCPU0001", messages::placement),
    Test::smp("XCPU0002", messages::send_there),
    Test::smp("XCPU0003", messages::send_here),
    Test::smp("XCPU0004", messages::call),
    Test::smp("XCPU0005", messages::server_calls_back),
    Test::smp("XCPU0006", messages::local_ids),
    Test::smp("XCPU0007", messages::closed_receive),
    Test::smp("XCPU0008", messages::first_come_first_served),
    Test::smp("XCPU0009", messages::map_item),
    Test::smp("XCPU0010", messages::wrong_wait),
    Test::smp("XCPU0011", errors::zero_timeouts),
    Test::smp("XCPU0012", errors::finite_timeouts),
    Test::smp("XCPU0013", errors::answer_does_not_come),
    Test::smp("XCPU0014", errors::nobody),
    Test::smp("XCPU0015", errors::overflow),
    Test::smp("XCPU0016", errors::both_call_each_other),
    Test::smp("XCPU0017", errors::timeout_races_with_receiver),
    Test::smp("XCPU0018", errors::timed_out_sender_left_the_queue),
    Test::smp("XCPU0019", cancel::receiver),
    Test::smp("XCPU0020", cancel::sender),
    Test::smp("XCPU0021", cancel::caller_in_both_phases),
    Test::smp("XCPU0022", cancel::wrong_phase),
    Test::smp("XCPU0023", cancel::races_with_delivery),
    Test::smp("XCPU0024", kill::queued_sender),
    Test::smp("XCPU0025", kill::receiver_with_senders),
    Test::smp("XCPU0026", kill::caller_that_waits),
    Test::smp("XCPU0027", kill::in_all_states),
    Test::smp("XCPU0028", kill::storm),
    Test::smp("XCPU0029", migrate::waiting),
    Test::smp("XCPU0030", migrate::running),
    Test::smp("XCPU0031", migrate::with_senders),
    Test::smp("XCPU0032", migrate::while_sending),
    Test::smp("XCPU0033", migrate::sleeping),
    Test::smp("XCPU0034", migrate::oneself),
    Test::smp("XCPU0035", migrate::before_the_start),
    Test::smp("XCPU0036", migrate::during_calls),
    Test::smp("XCPU0037", remote::page_faults),
    Test::smp("XCPU0038", remote::exceptions),
    Test::smp("XCPU0039", remote::exchange_registers),
    Test::smp("XCPU0040", remote::thread_control),
    Test::smp("XCPU0041", remote::schedule),
    Test::smp("XCPU0042", remote::thread_switch),
    Test::smp("XCPU0043", many::many_to_one),
    Test::smp("XCPU0044", many::one_to_many),
    Test::smp("XCPU0045", many::rings),
    Test::smp("XCPU0046", many::interrupts_per_message),
    Test::smp("XCPU0047", many::control_from_all_sides),
    Test::smp("XCPU0048", migrate::to_and_fro_under_fire),
    Test::smp("XCPU0049", kill::partner_that_would_answer),
    Test::smp("XCPU0050", same::in_every_state),
    Test::smp("XCPU0051", same::without_privilege),
    Test::smp("XCPU0052", wake::urgent_at_once),
    Test::smp("XCPU0053", wake::no_others),
    Test::smp("XCPU0054", wake::idle_without_ticks),
    Test::smp("XCPU0055", wake::slices_to_the_tick).counting_ticks(),
    Test::smp("XCPU0056", many::fast_path_under_fire),
    Test::smp("XCPU0057", copies::interrupted_by_others),
    Test::smp("XCPU0058", held_off::by_a_delay),
    Test::smp("XCPU0059", held_off::by_a_donation),
];

/// On CPU 1, in the root task's space.
fn there() -> Builder {
    worker::here().cpu(1)
}

/// On CPU 1, in a space of its own.
fn far_away() -> Builder {
    worker::away().cpu(1)
}
