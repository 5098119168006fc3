//! What is in an address space?
//!
//! * `object`  the space itself: root, areas, how many threads
//! * `tables`  page tables in the kernel's reserve, for `pecan_rules::paging`
//! * `areas`   UTCB and KIP areas, and the pages in them
//! * `map`     map and grant items: from one space to another
//! * `unmap`   taking back
//! * `end`     a space without threads, piece by piece
//! * `caching` how pages are cached
//! * `tree`    who got which page from whom
//! * `ports`   the same for I/O ports
//! * `forest`  both trees, over `nodes`, their memory
//! * `shootdown` what CPUs must forget
//! * `window`  the memory of another space, for a while
//! * `sigma0`  the space that owns all memory
//! * `kip`     the kernel-interface page

mod areas;
pub(crate) mod caching;
pub(crate) mod end;
mod forest;
pub(crate) mod kip;
pub(crate) mod map;
mod nodes;
mod object;
pub(crate) mod ports;
pub(crate) mod shootdown;
mod sigma0;
mod tables;
mod tree;
pub(crate) mod unmap;
pub(crate) mod window;

pub(crate) use object::{Role, Space};
pub(crate) use tables::PhysTables;
