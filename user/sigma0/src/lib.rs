//! What sigma0 knows and decides, without a kernel under it, so that the host can test it.
//!
//! sigma0 owns all physical memory when the system starts and hands it out, each piece once.
//!
//! ```text
//! request   message words -> Request       what does the client want?
//! service   Request -> Answer              the decision, and the entry in the book
//! ledger                                   who may have what
//! regions                                  the book: which page is of what kind, and whose
//! boot      kernel interface page -> book  what is there at the start
//! ```
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

pub mod boot;
pub mod ledger;
pub mod regions;
pub mod request;
pub mod service;

/// log2 of the page size that everything here counts in.
pub const PAGE_LOG2: u32 = 12;

/// log2 of the user part of an address space. Memory is mapped where it is physically, so nothing
/// beyond can be given out.
pub const USER_LOG2: u32 = 47;
