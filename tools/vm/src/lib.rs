//! Builds Pecan, boots it in QEMU and listens to its serial line.
//!
//! The way of a boot: [`Workspace`] says where things are, [`programs`] builds the kernel and the user
//! programs, [`kernel_file`] refuses a kernel that would not start, [`payload`] packs the image, [`Machine`]
//! describes the computer, [`Vm`] is the running computer, [`Stalls`] holds its processors up, [`report`]
//! understands what the programs print, [`symbols`] turns the addresses of a panic into functions and lines, [`names`] any
//! address into a symbol, [`Exit`] says how it ended.
//! `cargo xtask` and the boot tests both come through here.

mod exit;
pub mod fuzz;
pub mod kernel_file;
mod lines;
mod machine;
pub mod names;
pub mod payload;
pub mod programs;
mod qemu;
pub mod report;
mod runs;
mod stall;
mod story;
pub mod stress;
pub mod symbols;
mod vm;
mod workspace;

pub use exit::Exit;
pub use lines::Lines;
pub use machine::{Apic, Machine, Plugin, Timing};
pub use payload::Payload;
pub use qemu::Qemu;
pub use runs::Run;
pub use stall::Stalls;
pub use story::{End, Story};
pub use vm::{Console, Event, Vm};
pub use workspace::Workspace;

/// How long a machine may print nothing before it counts as hung.
///
/// It is a guard against waiting for ever, not a measure of speed: the slowest machine shape on a busy host
/// prints several times a minute.
pub const PATIENCE: std::time::Duration = std::time::Duration::from_secs(180);
