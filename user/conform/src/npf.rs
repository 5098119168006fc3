//! Page faults inside transfers: pages missing on either side, pagers of all kinds, and what the two
//! partners see of it, which is nothing.

mod bring;
mod change;
mod gone;
mod interleave;
mod message;
mod never;
mod window;

use crate::harness::Test;

/// The tests of the files.
pub(crate) const TESTS: &[Test] = &[
    Test::new("NPF0001", message::senders_fault),
    Test::new("NPF0002", message::receivers_fault),
    Test::new("NPF0003", message::as_many_as_pages),
    Test::new("NPF0004", message::in_one_space),
    Test::new("NPF0005", bring::alternately),
    Test::new("NPF0006", bring::several_strings),
    Test::new("NPF0007", bring::slowly),
    Test::new("NPF0008", bring::after_empty_answers),
    Test::new("NPF0009", bring::after_wrong_pages),
    Test::new("NPF0010", bring::from_another_space),
    Test::new("NPF0011", bring::with_63_words),
    Test::new("NPF0012", bring::four_mebibytes),
    Test::new("NPF0013", bring::across_a_gibibyte),
    Test::new("NPF0014", bring::both_ways_in_a_call),
    Test::new("NPF0015", change::read_only_buffer),
    Test::new("NPF0016", change::unmapped_by_the_pager),
    Test::new("NPF0017", change::partner_gets_another_page),
    Test::new("NPF0018", change::utcbs_are_unchanged),
    Test::new("NPF0019", never::no_pager),
    Test::new("NPF0020", never::dead_pager),
    Test::new("NPF0021", never::killed_pager),
    Test::new("NPF0022", never::partner_as_pager),
    Test::new("NPF0023", never::pager_that_never_helps),
    Test::new("NPF0024", interleave::same_addresses),
    Test::new("NPF0025", interleave::preempted_copies),
    Test::new("NPF0026", interleave::one_pager_for_all),
    Test::new("NPF0027", window::two_spaces),
    Test::new("NPF0028", window::taken_away_in_between),
    Test::smp("NPF0029", window::taken_away_from_another_processor),
    Test::new("NPF0030", bring::with_many_pages),
    Test::new("NPF0031", gone::behind_a_message),
    Test::new("NPF0032", gone::in_the_middle),
];
