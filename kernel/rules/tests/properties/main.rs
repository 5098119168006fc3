//! Property tests: each rule against a naive model of it.
//!
//! The seed is fixed, so that a run repeats; PROPTEST_RNG_SEED and PROPTEST_CASES search further.

mod caching;
mod debug;
mod mapping;
mod paging;
mod placement;
mod ports;
mod preemption;
mod queue;
mod ready;
mod redirection;
mod schedule;
mod strings;
mod wakeup;

use proptest::test_runner::{Config, RngAlgorithm, RngSeed};

/// Few cases under Miri, of numbers that take it few steps, and nothing written to files.
fn config(cases: u32) -> Config {
    let default = Config::default();
    let rng_seed = match default.rng_seed {
        RngSeed::Random => RngSeed::Fixed(0x9eca4),
        seed => seed,
    };
    let wanted = if std::env::var_os("PROPTEST_CASES").is_some() {
        default.cases
    } else {
        cases
    };
    Config {
        cases: if cfg!(miri) {
            cases.div_ceil(300)
        } else {
            wanted
        },
        failure_persistence: None,
        rng_algorithm: if cfg!(miri) {
            RngAlgorithm::XorShift
        } else {
            default.rng_algorithm
        },
        rng_seed,
        ..default
    }
}

/// Length of a random history of operations.
fn history() -> core::ops::Range<usize> {
    1..if cfg!(miri) { 8 } else { 200 }
}
