//! What is in an address space?
//!
//! * `space`   the object: root, areas, how many threads
//! * `tables`  page tables in the kernel's reserve, for `pecan_rules::paging`
//! * `areas`   UTCB and KIP areas, and the pages in them
//! * `map`     map items: from one space to another
//! * `sigma0`  the space that owns all memory
//! * `kip`     the kernel-interface page

mod areas;
pub(crate) mod kip;
pub(crate) mod map;
mod sigma0;
mod space;
mod tables;

pub(crate) use space::{Role, Space};
pub(crate) use tables::PhysTables;
