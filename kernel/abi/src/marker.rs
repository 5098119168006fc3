//! Clock reads that a measuring emulator knows: where a measured stretch begins and ends.
//!
//! Each is RDTSC with a REX prefix, which RDTSC ignores (Intel SDM 2A 2.2.1, AMD APM 3 1.2.7): on every processor it does
//! what RDTSC does, and costs no instruction on top. Compilers write RDTSC without prefix.
//!
//! A stretch runs from [`OPEN`], included, to [`CLOSE`], not included, on the same CPU; the ticks in between are its
//! instructions where a tick is an instruction. [`OPEN`] inside a stretch begins it anew.

/// The prefix of the clock read with which a stretch begins.
pub const OPEN: u8 = 0x48;
/// The prefix of the clock read with which a stretch ends.
pub const CLOSE: u8 = 0x49;
/// The prefix of a clock read between two rows of a benchmark: the stretches that follow are of the next row.
pub const ROW: u8 = 0x4A;

/// RDTSC itself.
pub const RDTSC: [u8; 2] = [0x0F, 0x31];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_are_rex_and_differ() {
        let all = [OPEN, CLOSE, ROW];
        for (index, prefix) in all.into_iter().enumerate() {
            assert_eq!(prefix & 0xF0, 0x40);
            assert_eq!(all.iter().position(|other| *other == prefix), Some(index));
        }
    }
}
