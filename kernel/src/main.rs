//! The Pecan kernel.
//!
//! In the order in which they come to life:
//! [`boot`] from the loader's jump to the first thread; [`arch`] the machine; [`memory`] physical memory and the kernel's own
//! mappings; [`logging`] and [`panic`] what the kernel says; [`cpu`] a CPU's own block; [`start`] where booting ends.
//!
//! From then on: [`thread`] and [`space`] what users make; [`sched`] who runs; [`ipc`] the way of a message; [`irq`] interrupts of devices;
//! [`sys`] all other system calls. The debug kernel also has `faults`, a bad machine; a tracing one remembers what happened ([`trace`]).
#![no_std]
#![no_main]

mod arch;
mod boot;
mod cpu;
#[cfg(debug_assertions)]
mod faults;
mod ipc;
mod irq;
mod logging;
mod memory;
mod panic;
mod sched;
mod space;
mod start;
mod sys;
mod thread;
mod trace;
