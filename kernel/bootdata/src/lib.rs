//! What the kernel is told at boot, made safe to use: memory map, command line, boot archive, executables.
//!
//! Everything here is input from outside (firmware, boot loader, archive), so every function accepts any bytes and
//! answers with a value or an error. Nothing touches hardware: the whole crate runs on the host.
//!
//! In the order in which the kernel needs them:
//! [`options`] the command line; [`memory_map`] what the firmware says of memory, as [`regions`];
//! [`madt`] ACPI's list of processors; [`reserve_size`] how much memory the kernel keeps.
#![no_std]
#![forbid(unsafe_code)]

pub mod madt;
pub mod memory_map;
pub mod options;
pub mod regions;
pub mod reserve_size;
