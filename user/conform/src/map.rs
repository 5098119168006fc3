//! Mappings: who got a page from whom, and what Unmap takes back.

pub(crate) mod agent;
mod huge;
mod long;
mod many;
mod move_away;
mod pause;
mod revoke;
mod shape;
mod status;

use crate::harness::Test;

pub(crate) use many::fill;

/// The tests of the files, in their order.
pub(crate) const TESTS: &[Test] = &[
    Test::new("MAP0001", revoke::everyone_below_loses),
    Test::new("MAP0002", revoke::unmap_keeps_the_own_page),
    Test::new("MAP0003", revoke::flush_takes_the_own_page),
    Test::new("MAP0004", revoke::right_to_write),
    Test::new("MAP0005", revoke::right_to_execute),
    Test::new("MAP0006", revoke::end_of_a_space),
    Test::new("MAP0007", revoke::other_page_replaces),
    Test::new("MAP0008", revoke::more_rights_keep_what_derives),
    Test::new("MAP0009", status::accesses_are_reported_once),
    Test::new("MAP0010", status::accesses_go_up),
    Test::new("MAP0011", status::accesses_of_a_lost_page),
    Test::new("MAP0012", shape::several_pages_in_one_call),
    Test::new("MAP0013", shape::windows),
    Test::new("MAP0014", shape::large_pages),
    Test::new("MAP0015", move_away::granted_page_moves),
    Test::new("MAP0016", move_away::what_derives_moves_along),
    Test::new("MAP0017", move_away::fewer_rights),
    Test::new("MAP0018", move_away::more_than_the_window),
    Test::new("MAP0019", many::long_chain),
    Test::new("MAP0020", many::nothing_leaks),
    Test::new("MAP0021", many::no_memory_in_the_middle),
    Test::smp("MAP0022", many::other_processor_loses_at_once),
    Test::smp("MAP0023", many::two_processors_at_once),
    Test::new("MAP0024", huge::sizes_are_those_of_the_processor),
    Test::new("MAP0025", huge::whole_and_parts),
    Test::new("MAP0026", huge::divided_place),
    Test::new("MAP0027", huge::accesses_of_parts),
    Test::new("MAP0028", huge::granted),
    Test::new("MAP0029", huge::rights_of_parts),
    Test::new("MAP0030", long::unmap_is_preempted),
    Test::new("MAP0031", long::replaced_with_all_below),
    Test::new("MAP0032", long::granted_with_fewer_rights),
    Test::new("MAP0033", long::accesses_of_many),
    Test::new("MAP0034", pause::map_is_preempted),
    Test::new("MAP0035", pause::grant_is_preempted),
    Test::new("MAP0036", pause::taker_ends),
    Test::new("MAP0037", pause::giver_ends),
];
