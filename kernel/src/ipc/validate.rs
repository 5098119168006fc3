//! Stage 2: who is meant?

use pecan_abi::error::IpcCode;
use pecan_abi::id::ThreadId;

use super::Request;
use crate::thread::{Owned, State, TcbRef, table};

/// The destination, if it exists.
pub(super) fn destination(request: &Request) -> Result<TcbRef, IpcCode> {
    table::find(request.to).ok_or(IpcCode::NonExisting)
}

/// Whether `from` names somebody to wait for: a special id, oneself, or a thread that exists.
pub(super) fn specifier(from: u64) -> Result<(), IpcCode> {
    let special = from == ThreadId::ANY.raw() || from == ThreadId::ANY_LOCAL.raw();
    if special || table::find(from).is_some() {
        Ok(())
    } else {
        Err(IpcCode::NonExisting)
    }
}

/// Whether a thread of this CPU can take part in an IPC.
pub(super) fn is_active(thread: Owned) -> bool {
    !matches!(thread.state(), State::Free | State::Inactive | State::Dying)
}
