//! Control word of ExchangeRegisters (L4 X.2, ExchangeRegisters).

/// In: the new halt state, if [`HALT_VALID`] is set. Out: the thread was halted.
pub const HALT: u64 = 1 << 0;
/// In: abort a receive. Out: the thread was receiving.
pub const RECEIVE: u64 = 1 << 1;
/// In: abort a send. Out: the thread was sending.
pub const SEND: u64 = 1 << 2;
/// Set the stack pointer.
pub const SET_SP: u64 = 1 << 3;
/// Set the instruction pointer.
pub const SET_IP: u64 = 1 << 4;
/// Set the flags of [`USER_FLAGS`].
pub const SET_FLAGS: u64 = 1 << 5;
/// Set the user-defined handle.
pub const SET_HANDLE: u64 = 1 << 6;
/// Set the pager.
pub const SET_PAGER: u64 = 1 << 7;
/// [`HALT`] says what to do: set halts, clear resumes.
pub const HALT_VALID: u64 = 1 << 8;
/// The caller wants the old values (they are always delivered).
pub const DELIVER: u64 = 1 << 9;

/// Starts a thread at a new stack and instruction pointer: resumes it and aborts what it was doing.
pub const START: u64 = HALT_VALID | SET_IP | SET_SP | SEND | RECEIVE;
/// Halts a thread and aborts what it was doing.
pub const STOP: u64 = HALT_VALID | HALT | DELIVER | SEND | RECEIVE;

/// The bits of RFLAGS that a user may set: CF PF AF ZF SF OF, and TF for debuggers.
pub const USER_FLAGS: u64 = 0x9D5;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn raw_values() {
        assert_eq!(START, 0x11E);
        assert_eq!(STOP & !(SEND | RECEIVE), 0x301);
        assert_eq!(SEND | RECEIVE, 0x6);
        assert_eq!(START | SET_PAGER, 0x19E);
        assert_eq!(SET_PAGER | SET_IP | SET_SP | SEND | RECEIVE, 0x9E);
        assert_eq!(SET_FLAGS | SET_HANDLE, 0x60);
        let arithmetic = 1 | 1 << 2 | 1 << 4 | 1 << 6 | 1 << 7 | 1 << 11;
        assert_eq!(USER_FLAGS, arithmetic | 1 << 8);
    }
}
