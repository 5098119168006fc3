//! The machine.

pub(crate) mod x86_64;
