//! What a CPU does with a node that arrives.
