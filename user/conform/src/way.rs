//! The ways of a message through the kernel: what the short one does for the common message, the general one would have done,
//! too. The same random situations go both ways, and everything that one can see afterwards is compared.

mod actor;
mod call;
mod cast;
mod situation;
mod story;

use crate::harness::Test;

pub(crate) const TESTS: &[Test] = &[
    Test::new("WAY0001", situation::words_only),
    Test::new("WAY0002", situation::garbage_too),
    Test::new("WAY0003", situation::phases_alone),
];
