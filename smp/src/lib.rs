//! What CPUs say to one another.
//!
//! A thread belongs to the CPU it lives on (its *home*). Whatever another CPU
//! wants of it is a message to that home. This crate holds the parts of this
//! conversation that need no hardware, in the order in which a message meets them:
//!
//! * [`mailbox`]: how a node gets from one CPU to another, and who must be rung;
//! * [`protocol`]: what a CPU does with a node that arrives;
//! * [`request`]: the word in which the sender's and the receiver's CPU agree
//!   how a request ends;
//! * [`travel`]: where a thread belongs, where it visits, and where it goes next;
//! * [`cpuset`]: names of CPUs, and sets of them.
//!
//! Under `--cfg loom` the atomics are those of loom, for the models in `smp/model`.
#![cfg_attr(not(loom), no_std)]
#![forbid(unsafe_code)]

mod atomics;
pub mod cpuset;
pub mod mailbox;
pub mod protocol;
pub mod request;
pub mod travel;
