//! What the kernel is told at boot, made safe to use: memory map, command line, boot archive, executables.
//!
//! Everything here is input from outside (firmware, boot loader, archive), so every function accepts any bytes and
//! answers with a value or an error. Nothing touches hardware: the whole crate runs on the host.
//!
//! In the order in which the kernel needs them:
//! [`options`] the command line; [`memory_map`] what the firmware says of memory, as [`regions`]; [`madt`] ACPI's list of processors;
//! [`archive`] the boot archive; [`program`] the executables in it; [`reserve_size`] how much memory the kernel keeps;
//! [`descriptors`] what users are told of memory; [`records`] what they are told of the archive.
#![no_std]
#![forbid(unsafe_code)]

pub mod archive;
pub mod descriptors;
pub mod madt;
pub mod memory_map;
pub mod options;
pub mod program;
pub mod records;
pub mod regions;
pub mod reserve_size;
