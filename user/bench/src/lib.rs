//! The part of the benchmark program that needs no kernel: what is measured, and what becomes of the samples.
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

pub mod plan;
pub mod samples;
