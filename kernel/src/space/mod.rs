//! What is in an address space?
//!
//! * `object`  the space itself: root, areas, how many threads
//! * `tables`  page tables in the kernel's reserve, for `pecan_rules::paging`
//! * `areas`   UTCB and KIP areas, and the pages in them
//! * `map`     map items: from one space to another
//! * `sigma0`  the space that owns all memory
//! * `kip`     the kernel-interface page

mod areas;
pub(crate) mod kip;
pub(crate) mod map;
mod object;
mod sigma0;
mod tables;

pub(crate) use object::{Role, Space};
pub(crate) use tables::PhysTables;
