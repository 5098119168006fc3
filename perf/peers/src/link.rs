//! Messages there and back over whatever connects two partners.

use crate::clock;
use anyhow::{Result, ensure};

/// Bytes of the longest message.
pub(crate) const LONGEST: usize = 63 * 8;

/// One end of a connection of two partners who take turns.
pub(crate) trait Link {
    /// Sends a message of at most [`LONGEST`] bytes; its length is the same every time.
    ///
    /// # Errors
    /// What the kernel says.
    fn send(&mut self, message: &[u8]) -> Result<()>;

    /// Waits for a message, which fills `message`.
    ///
    /// # Errors
    /// What the kernel says, and a message of another length.
    fn receive(&mut self, message: &mut [u8]) -> Result<()>;
}

/// Asks `rounds` times and gives the ticks; `answer` is the last answer.
pub(crate) fn calls(
    link: &mut impl Link,
    request: &[u8],
    answer: &mut [u8],
    rounds: u64,
) -> Result<u64> {
    let began = clock::ticks();
    for _ in 0..rounds {
        link.send(request)?;
        link.receive(answer)?;
    }
    Ok(clock::ticks() - began)
}

/// Answers `rounds` times with what was asked, its first byte inverted.
pub(crate) fn serve(link: &mut impl Link, bytes: usize, rounds: u64) -> Result<()> {
    let mut message = [0; LONGEST];
    let message = &mut message[..bytes];
    for _ in 0..rounds {
        link.receive(message)?;
        message[0] = !message[0];
        link.send(message)?;
    }
    Ok(())
}

/// How often [`check`] asks.
pub(crate) const CHECKS: u64 = 3;

/// Proves that messages arrive unchanged in both directions.
pub(crate) fn check(link: &mut impl Link, bytes: usize) -> Result<()> {
    let mut answer = vec![0; bytes];
    for round in 0..CHECKS {
        let mut request = pattern(bytes, round);
        calls(link, &request, &mut answer, 1)?;
        request[0] = !request[0];
        ensure!(answer == request, "an answer of {bytes} bytes is wrong");
    }
    Ok(())
}

/// Bytes that differ from place to place and from round to round.
pub(crate) fn pattern(bytes: usize, round: u64) -> Vec<u8> {
    let byte = |index: u64| (index * 7 + round * 31 + 1) as u8;
    (0..bytes as u64).map(byte).collect()
}
