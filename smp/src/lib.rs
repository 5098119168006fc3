//! What CPUs say to one another.
#![no_std]
#![forbid(unsafe_code)]
