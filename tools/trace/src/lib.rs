//! What happened on the processors of a machine, as a picture that Perfetto shows.
//!
//! A tracing kernel writes events into rings in its memory (`pecan_abi::trace`). [`capture`] runs it on a machine whose
//! memory is a file, which remains however the machine ends; [`Rings`] finds the events there; [`Timeline`] makes slices
//! and arrows of them; [`write`] writes those as Chrome's JSON, which Perfetto opens.

mod capture;
mod chrome;
mod memory;
mod rings;
mod timeline;

pub use capture::{Capture, Until, capture};
pub use chrome::write;
pub use memory::Memory;
pub use rings::{Ring, Rings};
pub use timeline::{Arrow, Instant, Place, Slice, Timeline, What, Why};
