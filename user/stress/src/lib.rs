//! The oracle: what the stress program knows about right and wrong, without a kernel.
//!
//! | module | question |
//! |---|---|
//! | [`random`] | what happens next? |
//! | [`letter`] | what does message number n from one worker to another look like, and is this it? |
//! | [`strings`] | what do its strings hold, and how much of them fits? |
//! | [`places`] | where does it lie? |
//! | [`cut`] | was it cut, and where? |
//! | [`pair`] | was every message that was sent received, once and in order? |
//! | [`verdict`] | may an operation end like this? |
//! | [`plan`] | who lives where? |
//! | [`mix`], [`wish`] | which kinds of work are there, and what does the command line ask for? |
//! | [`wrong`] | what can be wrong, in words |
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

pub mod cut;
pub mod letter;
pub mod mix;
pub mod pair;
pub mod places;
pub mod plan;
pub mod random;
pub mod strings;
pub mod verdict;
pub mod wish;
pub mod wrong;
