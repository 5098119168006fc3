//! Models that check the smp crate; everything here is a test.
//!
//! * `primitives` (under `--cfg loom`): the mailbox, the request word and the
//!   publication of a home under every interleaving and memory order that loom knows.
//! * `conversation` (without it): what CPUs, threads and nodes do with one another,
//!   decided by the very functions of `pecan_smp::protocol`, explored to the last state.
//!
//! Beside each property stand *mutants*: the same model with one rule broken. A
//! mutant's test passes when the checker finds the counterexample.
#![forbid(unsafe_code)]

#[cfg(all(test, not(loom)))]
mod conversation;
#[cfg(all(test, loom))]
mod primitives;
