//! The protocol between CPUs as an explicit-state model.
//!
//! Three CPUs. Thread S on CPU 0 sends to, calls or deletes R on CPU 1; R receives,
//! replies, and may be moved about meanwhile. One neighbour of each sends to it, too.
//! Timeouts, aborts, deletions, moves and the reuse of R's id come at any moment.
//!
//! A step is what one CPU does between two looks at anything another CPU writes: an
//! atomic change of a request word and the push of a node are steps of their own
//! where another CPU could come between ([`state::Half`]). A mailbox is a queue in the model: that
//! it is one is shown by the models of the primitives.

mod explore;
mod handle;
mod local;
mod mutants;
mod properties;
mod rules;
mod state;
mod tests;
mod thread;
