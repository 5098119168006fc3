//! Errors: of IPC and of the other system calls (L4 X.2, error codes).

/// Which half of an IPC failed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[repr(u64)]
pub enum Phase {
    /// The send phase; the receive phase has not begun.
    Send = 0,
    /// The receive phase.
    Receive = 1,
}

/// Why an IPC failed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[repr(u64)]
pub enum IpcCode {
    /// The timeout passed before the partner was there.
    Timeout = 1,
    /// There is no such partner.
    NonExisting = 2,
    /// Cancelled by ExchangeRegisters before the transfer began.
    Cancelled = 3,
    /// The message did not fit, or held something the receiver does not accept.
    Overflow = 4,
    /// This thread's transfer timeout passed.
    XferTimeoutOwn = 5,
    /// The partner's transfer timeout passed.
    XferTimeoutPartner = 6,
    /// Aborted by ExchangeRegisters during the transfer.
    Aborted = 7,
}

impl IpcCode {
    /// The code with this number, 1-7.
    #[inline]
    pub const fn from_raw(raw: u64) -> Option<Self> {
        Some(match raw {
            1 => Self::Timeout,
            2 => Self::NonExisting,
            3 => Self::Cancelled,
            4 => Self::Overflow,
            5 => Self::XferTimeoutOwn,
            6 => Self::XferTimeoutPartner,
            7 => Self::Aborted,
            _ => return None,
        })
    }
}

/// The ErrorCode register after a failed IPC: bit 0 phase, bits 1-3 code, bits 4-63 offset.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct IpcError {
    /// Which half failed.
    pub phase: Phase,
    /// Why.
    pub code: IpcCode,
    /// Bytes of string data that had been transferred; below 2^60; 0 unless the code is 4-7.
    pub offset: u64,
}

impl IpcError {
    /// An error before any byte of a string was transferred.
    #[inline]
    pub const fn new(phase: Phase, code: IpcCode) -> Self {
        Self {
            phase,
            code,
            offset: 0,
        }
    }

    /// The word for the ErrorCode register.
    #[inline]
    pub const fn raw(self) -> u64 {
        self.offset << 4 | (self.code as u64) << 1 | self.phase as u64
    }

    /// The error in an ErrorCode register; `None` if its code is 0.
    #[inline]
    pub const fn from_raw(raw: u64) -> Option<Self> {
        let phase = if raw & 1 == 0 {
            Phase::Send
        } else {
            Phase::Receive
        };
        match IpcCode::from_raw(raw >> 1 & 7) {
            Some(code) => Some(Self {
                phase,
                code,
                offset: raw >> 4,
            }),
            None => None,
        }
    }
}

/// The ErrorCode register after a system call other than IPC returned 0 or nil.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[repr(u64)]
pub enum SysError {
    /// The caller may not do this.
    NoPrivilege = 1,
    /// The destination thread is not one that this can be done to.
    InvalidThread = 2,
    /// The space specifier names no usable space.
    InvalidSpace = 3,
    /// The scheduler is not a thread.
    InvalidScheduler = 4,
    /// A parameter has no meaning.
    InvalidParameter = 5,
    /// The UTCB area or location is bad.
    UtcbArea = 6,
    /// The area for the kernel interface page is bad.
    KipArea = 7,
    /// Kernel memory ran out.
    NoMemory = 8,
}

impl SysError {
    /// The word for the ErrorCode register.
    #[inline]
    pub const fn raw(self) -> u64 {
        self as u64
    }

    /// The error in an ErrorCode register.
    #[inline]
    pub const fn from_raw(raw: u64) -> Option<Self> {
        Some(match raw {
            1 => Self::NoPrivilege,
            2 => Self::InvalidThread,
            3 => Self::InvalidSpace,
            4 => Self::InvalidScheduler,
            5 => Self::InvalidParameter,
            6 => Self::UtcbArea,
            7 => Self::KipArea,
            8 => Self::NoMemory,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn raw_values() {
        for (code, send, receive) in [
            (IpcCode::Timeout, 2, 3),
            (IpcCode::NonExisting, 4, 5),
            (IpcCode::Cancelled, 6, 7),
            (IpcCode::Overflow, 8, 9),
            (IpcCode::XferTimeoutOwn, 10, 11),
            (IpcCode::XferTimeoutPartner, 12, 13),
            (IpcCode::Aborted, 14, 15),
        ] {
            assert_eq!(IpcError::new(Phase::Send, code).raw(), send);
            assert_eq!(IpcError::new(Phase::Receive, code).raw(), receive);
            assert_eq!(
                IpcError::from_raw(send),
                Some(IpcError::new(Phase::Send, code))
            );
            assert_eq!(
                IpcError::from_raw(receive),
                Some(IpcError::new(Phase::Receive, code))
            );
        }
        let cut = IpcError {
            phase: Phase::Receive,
            code: IpcCode::Overflow,
            offset: 252,
        };
        assert_eq!(cut.raw(), 9 + 16 * 252);
        assert_eq!(IpcError::from_raw(cut.raw()), Some(cut));
        assert_eq!(IpcError::from_raw(0x11), None);
    }

    #[test]
    fn system_call_errors_round_trip() {
        for raw in 1..=8 {
            assert_eq!(SysError::from_raw(raw).map(SysError::raw), Some(raw));
        }
        assert_eq!((SysError::from_raw(0), SysError::from_raw(9)), (None, None));
        assert_eq!(
            (
                SysError::UtcbArea.raw(),
                SysError::KipArea.raw(),
                SysError::NoMemory.raw()
            ),
            (6, 7, 8)
        );
    }
}
