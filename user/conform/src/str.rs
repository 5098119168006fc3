//! Strings: every byte to its place, whatever the shape on both sides; cut messages; garbage.

mod addresses;
mod copies;
mod cuts;
mod exchange;
mod garbage;
mod items;
mod model;
mod places;
mod shape;
mod shapes;

use crate::harness::Test;

/// The tests of the files.
pub(crate) const TESTS: &[Test] = &[
    Test::new("STR0001", copies::simple),
    Test::new("STR0002", shapes::substrings),
    Test::new("STR0003", shapes::compound),
    Test::new("STR0004", shapes::several_per_message),
    Test::new("STR0005", shapes::scatter),
    Test::new("STR0006", shapes::gather),
    Test::new("STR0007", shapes::both),
    Test::new("STR0008", shapes::every_combination_in_one_space),
    Test::new("STR0009", shapes::every_combination_between_spaces),
    Test::new("STR0010", shapes::random_in_one_space),
    Test::new("STR0011", shapes::random_between_spaces),
    Test::new("STR0012", copies::lengths),
    Test::new("STR0013", copies::one_mebibyte),
    Test::new("STR0014", copies::four_mebibytes),
    Test::new("STR0015", copies::every_low_offset),
    Test::new("STR0016", copies::across_pages),
    Test::new("STR0017", copies::priorities),
    Test::new("STR0018", cuts::no_buffer),
    Test::new("STR0019", cuts::not_accepted),
    Test::new("STR0020", cuts::too_short),
    Test::new("STR0021", cuts::two_strings_one_buffer),
    Test::new("STR0022", cuts::complex),
    Test::new("STR0023", cuts::failed_send_does_not_receive),
    Test::new("STR0024", cuts::descriptors_up_to_the_cut),
    Test::new("STR0025", items::descriptors_are_the_senders),
    Test::new("STR0026", items::mixed_with_words_and_map_items),
    Test::new("STR0027", items::map_item_brings_the_buffer),
    Test::new("STR0028", items::cache_hints),
    Test::new("STR0029", items::as_many_as_fit),
    Test::new("STR0030", items::continuation_bit_of_an_item),
    Test::new("STR0031", items::words_alone_leave_buffers_alone),
    Test::new("STR0032", places::call_and_reply),
    Test::new("STR0033", places::library),
    Test::new("STR0034", places::from_a_utcb),
    Test::new("STR0035", places::into_a_utcb),
    Test::new("STR0036", places::overlapping),
    Test::new("STR0037", places::parts_that_overlap),
    Test::new("STR0038", places::queue_of_senders),
    Test::new("STR0039", places::ids_of_the_partners),
    Test::new("STR0040", garbage::item_longer_than_the_message),
    Test::new("STR0041", addresses::longest_lengths),
    Test::new("STR0042", addresses::kernel_addresses),
    Test::new("STR0043", addresses::no_addresses),
    Test::new("STR0044", addresses::end_of_the_user_range),
    Test::new("STR0045", garbage::unknown_items),
    Test::new("STR0046", garbage::buffers_beyond_the_last_register),
    Test::new("STR0047", garbage::buffers_that_are_none),
    Test::new("STR0048", garbage::too_many_words),
    Test::new("STR0049", garbage::empty_strings),
    Test::new("STR0050", garbage::random_words),
];
