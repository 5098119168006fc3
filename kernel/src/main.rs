//! The Pecan kernel.
//!
//! In the order in which they come to life:
//! [`boot`] from the loader's jump to the first thread; [`arch`] the machine; [`memory`] physical memory and the kernel's own
//! mappings; [`logging`] and [`panic`] what the kernel says; [`cpu`] a CPU's own block; [`start`] where booting ends.
#![no_std]
#![no_main]

mod arch;
mod boot;
#[path = "boot/lone_cpu.rs"]
mod cpu;
mod logging;
mod memory;
mod panic;
mod start;
