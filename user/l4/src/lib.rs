//! The L4 X.2 library for user programs.
#![no_std]
