//! Models that check the smp crate.
