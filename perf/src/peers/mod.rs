//! The same messages on Linux, in the same emulator.
//!
//! [`measure`] builds the program of `perf/peers`, packs it as the only file of Linux's first file system
//! ([`initramfs`]), boots a Linux kernel with it in each [`Configuration`] ([`boot`]), and joins what the runs said
//! into a [`Peer`] each. [`render`] puts them beside Pecan's own figures; [`published`] has those of other kernels, which
//! are quoted and not measured.

mod boot;
mod configuration;
mod figures;
mod initramfs;
mod program;
mod published;
mod table;

pub use boot::{Kernel, measure};
pub use configuration::Configuration;
pub use figures::{About, Peer};
pub use published::render as published;
pub use table::render;

/// Messages through a pipe for each direction.
pub const PIPE: &str = "pipe";
/// Messages through a pair of Unix sockets that keep messages apart.
pub const SEQPACKET: &str = "seqpacket";
/// Messages copied into shared memory and out of it, with a futex to wait at.
pub const FUTEX: &str = "futex";
/// Messages of one word, added to an event counter for each direction.
pub const EVENTFD: &str = "eventfd";
