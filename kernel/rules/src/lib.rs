//! Decisions of the kernel that need no hardware.
#![no_std]
#![forbid(unsafe_code)]
