//! The protocol between CPUs as an explicit-state model.
//!
//! Three CPUs, and up to four threads of which each sends, calls, deletes or moves another, or serves. Timeouts, aborts,
//! deletions, moves, page faults, and the reuse of a thread's number come at any moment.
//!
//! A step is what one CPU does between two looks at anything another CPU writes: an
//! atomic change of a request word and the push of a node are steps of their own
//! where another CPU could come between ([`state::Half`]). A mailbox is a queue in the model: that
//! it is one is shown by the models of the primitives.

mod explore;
mod handle;
mod local;
mod migrate;
mod mutants;
mod properties;
mod rules;
mod setup;
mod state;
mod tests;
mod thread;
mod transfer;
