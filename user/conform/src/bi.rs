//! What the boot loader brought: the memory descriptors, and the boot records with the files of the boot image.

mod memory;
mod modules;
mod records;

use crate::harness::Test;

/// The tests of the files, in their order.
pub(crate) const TESTS: &[Test] = &[
    Test::new("BI0001", memory::encoding),
    Test::new("BI0002", memory::order),
    Test::new("BI0003", memory::firmware),
    Test::new("BI0004", memory::in_effect),
    Test::new("BI0005", memory::addresses_of_users),
    Test::new("BI0006", records::header),
    Test::new("BI0007", records::chain),
    Test::new("BI0008", records::programs),
    Test::new("BI0009", records::place),
    Test::new("BI0010", modules::places),
    Test::new("BI0011", modules::contents),
];
