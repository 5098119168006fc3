//! Example programs.
#![no_std]
