//! Stage 2: who is meant, and can such a message be sent at all?

use pecan_abi::error::IpcCode;
use pecan_abi::id::ThreadId;
use pecan_abi::utcb::MESSAGE_REGISTERS;

use super::Request;
use crate::thread::{Owned, State, TcbRef, table};

/// The destination, if it exists and the message fits the message registers.
pub(super) fn destination(request: &Request) -> Result<TcbRef, IpcCode> {
    let partner = table::find(request.to).ok_or(IpcCode::NonExisting)?;
    if request.tag.untyped() + request.tag.typed() >= MESSAGE_REGISTERS {
        return Err(IpcCode::Overflow);
    }
    Ok(partner)
}

/// Whether `from` names somebody to wait for: a special id, oneself, or a thread that exists.
pub(super) fn specifier(from: u64) -> Result<(), IpcCode> {
    let special = from == ThreadId::ANY.raw() || from == ThreadId::ANY_LOCAL.raw();
    if special || table::find(from).is_some() { Ok(()) } else { Err(IpcCode::NonExisting) }
}

/// Whether a thread of this CPU can take part in an IPC.
pub(super) fn is_active(thread: Owned) -> bool {
    !matches!(thread.state(), State::Free | State::Inactive | State::Dying)
}
