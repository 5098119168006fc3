//! I/O ports: faults, map and grant items, Unmap, and that nobody uses what he does not have.

mod agent;
mod cpus;
mod fault;
mod form;
mod give;
mod take;

use crate::harness::Test;

/// The tests of the files, in their order.
pub(crate) const TESTS: &[Test] = &[
    Test::new("IO0001", form::every_instruction),
    Test::new("IO0002", form::prefixes),
    Test::new("IO0003", form::ports_in_a_row),
    Test::new("IO0004", form::other_exceptions),
    Test::new("IO0005", fault::answered),
    Test::new("IO0006", fault::every_width),
    Test::new("IO0007", fault::registers_survive),
    Test::new("IO0008", fault::nobody_answers),
    Test::new("IO0009", fault::empty_answers),
    Test::new("IO0010", fault::sigma0),
    Test::new("IO0028", fault::io_privilege_level),
    Test::new("IO0011", give::map),
    Test::new("IO0012", give::grant),
    Test::new("IO0013", give::grant_to_who_has_it),
    Test::new("IO0014", give::windows),
    Test::new("IO0015", give::nothing_from_nothing),
    Test::new("IO0016", give::garbage),
    Test::new("IO0017", take::unmap),
    Test::new("IO0018", take::flush),
    Test::new("IO0019", take::parts),
    Test::new("IO0020", take::end_of_a_space),
    Test::new("IO0021", take::nothing_leaks),
    Test::new("IO0022", take::no_memory),
    Test::new("IO0023", cpus::spaces_take_turns),
    Test::new("IO0024", cpus::threads_share),
    Test::smp("IO0025", cpus::lost_at_once),
    Test::smp("IO0026", cpus::moves_along),
    Test::smp("IO0027", cpus::both_at_once),
];
