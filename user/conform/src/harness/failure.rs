//! Why a test failed: where in the source, and what was seen instead of what was expected.

use core::fmt::{self, Debug, Display, Write};
use core::panic::Location;

use l4::thread::StartError;
use l4::{IpcError, SysError};

/// What a test ends with.
pub(crate) type Outcome = Result<(), Failure>;

/// Bytes kept of a reason.
const LENGTH: usize = 104;

/// The place and the reason; longer reasons are cut.
#[derive(Clone, Copy)]
pub(crate) struct Failure {
    at: &'static Location<'static>,
    text: [u8; LENGTH],
    len: usize,
}

impl Failure {
    /// A failure at the caller's place.
    #[track_caller]
    pub(crate) fn new(reason: fmt::Arguments<'_>) -> Self {
        let mut failure = Self {
            at: Location::caller(),
            text: [0; LENGTH],
            len: 0,
        };
        // Cut off at the end, which is what `write_str` reports.
        let _ = failure.write_fmt(reason);
        failure
    }
}

impl Failure {
    /// The same failure, with what it was about behind the reason.
    pub(crate) fn about(mut self, what: fmt::Arguments<'_>) -> Self {
        // Cut off at the end, which is what `write_fmt` reports.
        let _ = self.write_fmt(format_args!(" ({what})"));
        self
    }
}

impl Write for Failure {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for byte in text.bytes() {
            *self.text.get_mut(self.len).ok_or(fmt::Error)? = byte;
            self.len += 1;
        }
        Ok(())
    }
}

impl Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = core::str::from_utf8(&self.text[..self.len]).unwrap_or("?");
        let file = self.at.file().rsplit('/').next().unwrap_or("");
        write!(f, "{file}:{}: {text}", self.at.line())
    }
}

impl From<SysError> for Failure {
    #[track_caller]
    fn from(error: SysError) -> Self {
        Self::new(format_args!("system call refused: {error:?}"))
    }
}

impl From<IpcError> for Failure {
    #[track_caller]
    fn from(error: IpcError) -> Self {
        Self::new(format_args!(
            "IPC failed: {:?} {:?}",
            error.phase, error.code
        ))
    }
}

impl From<StartError> for Failure {
    #[track_caller]
    fn from(error: StartError) -> Self {
        Self::new(format_args!("no thread: {error:?}"))
    }
}

/// Fails unless `holds`.
#[track_caller]
pub(crate) fn check(what: &str, holds: bool) -> Outcome {
    if holds {
        Ok(())
    } else {
        Err(Failure::new(format_args!("not so: {what}")))
    }
}

/// Fails unless the two are equal.
#[track_caller]
pub(crate) fn equal<T: PartialEq + Debug>(what: &str, actual: T, expected: T) -> Outcome {
    if actual == expected {
        return Ok(());
    }
    Err(Failure::new(format_args!(
        "{what} is {actual:?}, not {expected:?}"
    )))
}

/// Fails unless the two words are equal.
#[track_caller]
pub(crate) fn hex(what: &str, actual: u64, expected: u64) -> Outcome {
    if actual == expected {
        return Ok(());
    }
    Err(Failure::new(format_args!(
        "{what} is {actual:#x}, not {expected:#x}"
    )))
}

/// Fails if `actual` is below `bound`.
#[track_caller]
pub(crate) fn at_least(what: &str, actual: u64, bound: u64) -> Outcome {
    if actual >= bound {
        return Ok(());
    }
    Err(Failure::new(format_args!(
        "{what} is {actual}, below {bound}"
    )))
}

/// Fails if `actual` is above `bound`.
#[track_caller]
pub(crate) fn at_most(what: &str, actual: u64, bound: u64) -> Outcome {
    if actual <= bound {
        return Ok(());
    }
    Err(Failure::new(format_args!(
        "{what} is {actual}, above {bound}"
    )))
}
