//! How a machine ended.

use pecan_abi::exit;
use std::process::ExitStatus;

/// What the exit status of QEMU says.
///
/// The kernel writes a code to the debug-exit port and QEMU ends with twice the code plus one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Exit {
    /// The root task ended the machine and reports success.
    Success,
    /// The root task ended the machine and reports a failure.
    Failure,
    /// The kernel panicked.
    Panic,
    /// The kernel refused the boot image.
    BadImage,
    /// The machine has too little memory to start.
    NoMemory,
    /// The processor reset itself: a fault inside a fault inside a fault.
    TripleFault,
    /// Somebody ended QEMU from outside.
    Stopped,
    /// QEMU itself gave up; its own words.
    Emulator(String),
    /// A code that has no meaning here: the exit status of QEMU.
    Unknown(i32),
}

impl Exit {
    /// Reads the status of a QEMU that has ended, with what it printed as errors.
    pub(crate) fn of(status: ExitStatus, errors: &str) -> Self {
        let Some(status) = status.code() else {
            return Self::Stopped;
        };
        match status {
            0 if errors.contains("terminating on signal") => Self::Stopped,
            0 => Self::TripleFault,
            1 => Self::Emulator(errors.trim().to_owned()),
            status => {
                let code = u32::try_from(status).ok().and_then(exit::from_qemu_status);
                code.and_then(Self::from_kernel)
                    .unwrap_or(Self::Unknown(status))
            }
        }
    }

    fn from_kernel(code: u32) -> Option<Self> {
        match code {
            exit::SUCCESS => Some(Self::Success),
            exit::FAILURE => Some(Self::Failure),
            exit::PANIC => Some(Self::Panic),
            exit::BAD_IMAGE => Some(Self::BadImage),
            exit::NO_MEMORY => Some(Self::NoMemory),
            _ => None,
        }
    }

    /// One sentence for people.
    pub fn words(&self) -> String {
        match self {
            Self::Success => "the root task ended the machine and reports success".into(),
            Self::Failure => "the root task ended the machine and reports a failure".into(),
            Self::Panic => "the kernel panicked; its report is above".into(),
            Self::BadImage => "the kernel refused the boot image; its log above says why".into(),
            Self::NoMemory => "the machine has too little memory: give it more with --memory".into(),
            Self::TripleFault => {
                "the processor triple-faulted (QEMU ended with status 0): the kernel faulted before or inside its own fault handlers".into()
            }
            Self::Stopped => "QEMU was ended from outside".into(),
            Self::Emulator(words) if words.is_empty() => "QEMU gave up without saying why (status 1)".into(),
            Self::Emulator(words) => format!("QEMU gave up: {words}"),
            Self::Unknown(status) => format!("QEMU ended with status {status}, which Pecan never asks for"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Exit;
    use std::os::unix::process::ExitStatusExt;
    use std::process::ExitStatus;

    fn ended(code: i32, errors: &str) -> Exit {
        Exit::of(ExitStatus::from_raw(code << 8), errors)
    }

    #[test]
    fn kernel_codes_are_doubled_plus_one() {
        assert_eq!(ended(0x21, ""), Exit::Success);
        assert_eq!(ended(0x23, ""), Exit::Failure);
        assert_eq!(ended(0x41, ""), Exit::Panic);
        assert_eq!(ended(0x43, ""), Exit::BadImage);
        assert_eq!(ended(0x45, ""), Exit::NoMemory);
        assert_eq!(ended(0x47, ""), Exit::Unknown(0x47));
        assert_eq!(ended(0x20, ""), Exit::Unknown(0x20));
    }

    #[test]
    fn status_zero_is_a_triple_fault_unless_a_signal_ended_it() {
        assert_eq!(ended(0, ""), Exit::TripleFault);
        assert_eq!(ended(0, "qemu: terminating on signal 2"), Exit::Stopped);
        assert_eq!(Exit::of(ExitStatus::from_raw(9), ""), Exit::Stopped);
    }

    #[test]
    fn emulator_errors_are_told() {
        assert!(
            ended(1, "no such file\n")
                .words()
                .ends_with("QEMU gave up: no such file")
        );
    }
}
