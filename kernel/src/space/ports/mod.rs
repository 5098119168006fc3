//! Which I/O ports does a space have, and from whom? Interrupts off.
//!
//! The rules are those of `pecan_rules::ports`; here are their memory and their locks, and nothing else: a space has no
//! table of ports. What a CPU lets programs use is in `cpu::ports`.
//!
//! * `tree`  who got which port from whom
//! * `item`  map and grant items
//! * `unmap` taking back, and the end of a space
//! * `fault` a program used a port that its CPU does not let it use

mod fault;
mod item;
mod tree;
mod unmap;

pub(crate) use fault::{Admission, admit};
pub(crate) use item::item;
pub(crate) use unmap::unmap;
pub(super) use unmap::{all, go_on};
