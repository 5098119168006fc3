//! The oracle: what the stress program knows about right and wrong, without a kernel.
//!
//! | module | question |
//! |---|---|
//! | [`random`] | what happens next? |
//! | [`letter`] | what does message number n from one worker to another look like, and is this it? |
//! | [`pair`] | was every message that was sent received, once and in order? |
//! | [`verdict`] | may an operation end like this? |
//! | [`plan`] | who lives where, and what does the command line ask for? |
//! | [`wrong`] | what can be wrong, in words |
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

pub mod letter;
pub mod pair;
pub mod plan;
pub mod random;
pub mod verdict;
pub mod wrong;
