//! Page faults: what the pager is told, what its answers do, and what a fault never does.

mod answers;
mod message;
pub(crate) mod touch;

use crate::harness::Test;

/// The tests of the two files.
pub(crate) const TESTS: &[Test] = &[
    Test::new("PF0001", message::read),
    Test::new("PF0002", message::write),
    Test::new("PF0003", message::execute),
    Test::new("PF0004", message::same_space),
    Test::new("PF0005", message::kernel_addresses),
    Test::new("PF0006", message::kernel_interface_page_is_read_only),
    Test::new("PF0007", message::kernel_stubs_are_read_only),
    Test::new("PF0008", message::registers_survive),
    Test::new("PF0009", message::data_is_not_code),
    Test::new("PF0010", answers::empty_answer_faults_again),
    Test::new("PF0011", answers::no_pager),
    Test::new("PF0012", answers::dead_pager),
    Test::new("PF0013", answers::rights_grow),
    Test::new("PF0014", answers::large_page),
    Test::new("PF0015", answers::window_and_send_base),
    Test::new("PF0016", answers::rights_are_not_made_up),
    Test::new("PF0017", answers::kernel_areas_are_not_mapped),
    Test::new("PF0018", answers::aborted_fault_is_raised_again),
    Test::new("PF0019", answers::mapping_replaces),
    Test::new("PF0020", answers::deleted_while_faulting),
    Test::new("PF0021", answers::item_of_what_is_not_there),
    Test::new("PF0022", answers::string_is_cut),
];
